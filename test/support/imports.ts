/** One import or re-export of a module. */
export interface ModuleImport {
  /** As written: `./reply.ts`, `node:fs`, `mailwright`. */
  readonly from: string
  /** What it takes from there, by the names there; `*` for everything. */
  readonly names: readonly string[]
  /** Whether nothing is left of it when the types are stripped. */
  readonly typeOnly: boolean
}

const staticForm = /^(import|export)\s+(type\s+)?([^'";]*?)\s*\bfrom\s+'([^']+)'/gm
const sideEffectForm = /^import\s+'([^']+)'/gm
const dynamicForm = /\bimport\('([^']+)'\)/g

/** What a source imports. The sources are formatted, so statements start at the first column and texts use single quotes. */
export function importsOf(source: string): readonly ModuleImport[] {
  const text = withoutComments(source)
  const found: ModuleImport[] = []
  for (const [, , type, names = '', from = ''] of text.matchAll(staticForm)) {
    found.push({ from, names: namesIn(names), typeOnly: type !== undefined || onlyTypes(names) })
  }
  for (const [, from = ''] of text.matchAll(sideEffectForm)) found.push({ from, names: [], typeOnly: false })
  for (const match of text.matchAll(dynamicForm)) {
    const before = text.slice(0, match.index)
    found.push({ from: match[1] ?? '', names: ['*'], typeOnly: !/\b(await|return|=>|\()\s*$/.test(before) })
  }
  return found
}

/** The package of a bare import: `smtp-server` of `smtp-server/lib/x.js`, `@a/b` of `@a/b/c`; undefined for others. */
export function packageOf(from: string): string | undefined {
  if (/^(\.|\/|node:)/.test(from)) return undefined
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/')
}

function onlyTypes(names: string): boolean {
  if (!/^\{[^}]*\}$/.test(names.trim())) return false
  const parts = listed(names)
  return parts.length > 0 && parts.every((part) => part.startsWith('type '))
}

function namesIn(names: string): readonly string[] {
  if (names.includes('*')) return ['*']
  const own = /^\w+/.test(names.trim()) ? ['default'] : []
  return [...own, ...listed(names).map((part) => part.replace(/^type /, '').replace(/ as \w+$/, ''))]
}

/** What stands between the braces. */
function listed(names: string): readonly string[] {
  const parts = /\{([^}]*)\}/.exec(names)?.[1]?.split(',') ?? []
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}

function withoutComments(source: string): string {
  return source.replaceAll(/^\s*\/\*[\s\S]*?\*\//gm, '').replaceAll(/^\s*\/\/.*$/gm, '')
}
