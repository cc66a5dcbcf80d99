import { expect, test } from 'vitest'
import { toldBy } from './error-origin.ts'
import { faultStack, originStack } from './error-stack.ts'
import { ConfigError, type ErrorCode, MailwrightError, UnavailableError } from './errors.ts'
import { throwTogether } from './joint-faults.ts'

function thrower(text: string): Error {
  return new TypeError(text)
}

test('the places where an error was thrown, and not what it says', () => {
  const stack = faultStack(thrower('secret\n    at secret (secret.ts:1:1)'))
  expect(stack?.[0]).toMatch(/^thrower \(.*error-stack\.test\.ts:\d+:\d+\)$/)
  expect(stack?.length).toBeLessThanOrEqual(8)
  expect(stack?.join()).not.toContain('secret')
})

test('no more than eight', () => {
  const deep = (levels: number): Error => (levels === 0 ? thrower('x') : deep(levels - 1))
  expect(faultStack(deep(20))).toHaveLength(8)
})

test('those of what a step of a plugin failed with', () => {
  const failed = (cause: unknown): Error =>
    new MailwrightError('MAIL_E_START', 'p failed in start', { cause })
  expect(faultStack(failed(thrower('x')))?.[0]).toMatch(/^thrower /)
  expect(faultStack(failed(new UnavailableError('no disk')))).toBeUndefined()
})

test('those of all that are told together', () => {
  const told = (code: ErrorCode) => {
    try {
      throwTogether(code, [
        thrower('one'),
        new MailwrightError('MAIL_E_STOP', 'p', { cause: thrower('two') }),
      ])
    } catch (error) {
      return error
    }
    return undefined
  }
  for (const code of ['MAIL_E_START', 'MAIL_E_STOP'] as const)
    expect(originStack(told(code))?.filter((place) => place.startsWith('thrower '))).toHaveLength(2)
})

test('those of a parser of options that failed, and none of faults that it found', () => {
  const fault = { path: 'plugins[0]', problem: 'its option parser failed' }
  expect(originStack(new ConfigError([toldBy(fault, [thrower('x')])]))?.[0]).toMatch(/^thrower /)
  expect(faultStack(new ConfigError([{ ...fault }]))).toBeUndefined()
})

test('none of an error of the operating system, where it is not asked for', () => {
  const error = Object.assign(thrower('ENOENT'), { errno: -2, syscall: 'open', code: 'ENOENT' })
  expect(faultStack(error)).toBeUndefined()
  expect(originStack(error)?.[0]).toMatch(/^thrower /)
})

test('none of an error that was raised on purpose, where it is not asked for', () => {
  const error = new UnavailableError('no disk', { cause: thrower('EIO') })
  expect(faultStack(error)).toBeUndefined()
  expect(originStack(error)?.[0]).toMatch(/error-stack\.test\.ts/)
})

test.each([undefined, null, 'a text', Object.assign(new Error('x'), { stack: undefined })])(
  'none of %s',
  (thrown) => {
    expect(faultStack(thrown)).toBeUndefined()
    expect(originStack(thrown)).toBeUndefined()
  },
)
