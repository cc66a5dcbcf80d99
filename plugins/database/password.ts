import { readFile } from 'node:fs/promises'
import { MailwrightError } from 'mailwright'
import type { PasswordSource } from './options.ts'

/** The password as it is now, so that one that is changed needs no restart. MAIL_E_START where it cannot be read. */
export async function readPassword(source: PasswordSource | undefined): Promise<string | undefined> {
  if (source === undefined) return undefined
  if (source.kind === 'text') return source.text
  if (source.kind === 'environment') {
    const value = process.env[source.name]
    if (value !== undefined && value !== '') return value
    throw new MailwrightError(
      'MAIL_E_START',
      `the environment variable ${source.name} (passwordEnv) is not set`,
    )
  }
  const text = await readFile(source.path, 'utf8').catch((cause) => {
    throw new MailwrightError('MAIL_E_START', `the file ${source.path} (passwordFile) cannot be read`, {
      cause,
    })
  })
  const password = text.replace(/\r?\n$/, '')
  if (password !== '') return password
  throw new MailwrightError('MAIL_E_START', `the file ${source.path} (passwordFile) is empty`)
}
