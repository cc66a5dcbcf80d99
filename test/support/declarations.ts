/** Names of the members that an interface declares, at its first level. The source is formatted. */
export function interfaceMembers(source: string, name: string): readonly string[] {
  const body = new RegExp(`^export interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)^\\}`, 'm').exec(source)?.[1]
  if (body === undefined) throw new Error(`no interface ${name}`)
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(<]/gm)].map((match) => match[1] ?? '')
}

/** Names of the interfaces that a source exports. */
export function exportedInterfaces(source: string): readonly string[] {
  return [...source.matchAll(/^export interface (\w+)/gm)].map((match) => match[1] ?? '')
}

/** The doc comment that stands before a member of an interface, as lines of text without its stars. */
export function memberComment(source: string, member: string): readonly string[] {
  const form = new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s*(?:readonly )?${member}\\??:`)
  const comment = form.exec(source)?.[1]
  if (comment === undefined) throw new Error(`no doc comment for ${member}`)
  return comment.split('\n').map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
}
