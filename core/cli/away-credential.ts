import { statSync } from 'node:fs'
import { errorText } from '../errors.ts'

// systemd.exec(5): LoadCredential= puts them there while the unit runs, and names the folder to its processes.
const credential = /\/run\/credentials\/[^\s:,;'")]+/g

/** What is in doubt of a fault: it names credentials of a unit that does not run. Undefined for any other, and within the unit. */
export function awayCredential(fault: unknown): string | undefined {
  if (process.env.CREDENTIALS_DIRECTORY !== undefined) return undefined
  const text = errorText(fault)
  const named = [...text.matchAll(credential)].map(([path]) => path)
  if (named.length === 0 || !named.every(isAway)) return undefined
  return `${text}; it may be there once the unit runs`
}

function isAway(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined
  } catch {
    // It may be there: this user cannot see it.
    return false
  }
}
