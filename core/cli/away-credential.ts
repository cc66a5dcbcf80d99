import { statSync } from 'node:fs'
import { originsOf } from '../error-origin.ts'
import { errorText } from '../errors.ts'

// systemd.exec(5): LoadCredential= puts them there while the unit runs, and names the folder to its processes.
const credential = /\/run\/credentials\/[^\s:,;'")]+/g

/** What is in doubt of a fault: it names credentials of a unit that does not run. Undefined for any other, and within the unit. */
export function awayCredential(fault: unknown): string | undefined {
  if (process.env.CREDENTIALS_DIRECTORY !== undefined) return undefined
  if (!singleFaults(fault).every(isOfCredentials)) return undefined
  return `${errorText(fault)}; it may be there once the unit runs`
}

/** Those that a fault tells together: one that is none of a credential is not to hide behind another. */
function singleFaults(fault: unknown): readonly unknown[] {
  for (let told = fault; told instanceof Error; told = told.cause) {
    const origins = originsOf(told)
    if (origins.length > 0) return origins.flatMap(singleFaults)
  }
  return [fault]
}

function isOfCredentials(fault: unknown): boolean {
  const named = [...errorText(fault).matchAll(credential)].map(([path]) => path)
  return named.length > 0 && named.every(isAway)
}

function isAway(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined
  } catch {
    // It may be there: this user cannot see it.
    return false
  }
}
