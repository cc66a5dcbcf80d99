import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MailwrightError } from '../errors.ts'
import { throwTogether } from '../joint-faults.ts'
import { awayCredential } from './away-credential.ts'

const away = '/run/credentials/mailwright-nobody.service/tls.key'
const fault = (text: string) =>
  new MailwrightError('MAIL_E_START', 'certificates found a fault', { cause: new Error(text) })

beforeEach(() => {
  vi.stubEnv('CREDENTIALS_DIRECTORY', undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
})

test('a credential of a unit that does not run is in doubt', () => {
  expect(awayCredential(fault(`cannot read ${away}: there is no such file`))).toBe(
    `certificates found a fault: cannot read ${away}: there is no such file; it may be there once the unit runs`,
  )
})

test('within a unit it is a fault, and so is anything else', () => {
  expect(awayCredential(fault('cannot read /etc/tls.key'))).toBeUndefined()
  vi.stubEnv('CREDENTIALS_DIRECTORY', '/run/credentials/mailwright-nobody.service')
  expect(awayCredential(fault(`cannot read ${away}`))).toBeUndefined()
})

test.each([
  ['/etc/tls.key', undefined],
  ['/run/credentials/mailwright-nobody.service/other', expect.stringContaining('other')],
])('beside the fault of %s', (path, doubt) => {
  const faults = [away, path].map((each) => new Error(`cannot read ${each}`))
  let cause: unknown
  try {
    throwTogether('MAIL_E_START', faults)
  } catch (error) {
    cause = error
  }
  const told = new MailwrightError('MAIL_E_START', 'certificates found a fault', { cause })
  expect(awayCredential(told)).toEqual(doubt)
})
