import { expect } from 'vitest'
import type { ErrorCode } from '../../errors.ts'

/** An error code of the system, such as `ENOSPC`. */
type NodeErrorCode = `E${string}`

/** Demands that a promise rejects with an error of one of these codes. Texts never count. */
export async function expectCode(
  promise: Promise<unknown>,
  ...codes: readonly (ErrorCode | NodeErrorCode)[]
): Promise<void> {
  const outcome = await outcomeOf(promise)
  if (outcome.ok) expect.fail(`resolved, but should fail with ${codes.join(' or ')}`)
  const code = codeOf(outcome.error)
  if (code !== undefined && (codes as readonly string[]).includes(code)) return
  expect.fail(`failed with ${code ?? String(outcome.error)}, but should fail with ${codes.join(' or ')}`)
}

/** What became of a call. */
export type CallOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown }

/** Waits for a call and says what became of it; never rejects. */
export function outcomeOf<T>(promise: Promise<T>): Promise<CallOutcome<T>> {
  return promise.then(
    (value) => ({ ok: true as const, value }),
    (error: unknown) => ({ ok: false as const, error }),
  )
}

/** The code of an error, ours or the system's. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** The value, or a failed case where it is undefined. */
export function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) expect.fail(`${what} is missing`)
  return value
}
