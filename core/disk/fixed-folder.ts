import { resolve } from 'node:path'

/** The folder that all paths of a template such as `{domain}/{user}/Maildir` are in: what stands before the first placeholder. */
export function fixedFolder(root: string, template: string): string {
  const names = template.split('/')
  const first = names.findIndex((name) => name.includes('{'))
  const fixed = first === -1 ? names : names.slice(0, first)
  // A template that is absolute begins with an empty name.
  return resolve(root, template.startsWith('/') ? '/' : '', ...fixed)
}
