import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { MailwrightError } from 'mailwright'
import { syncFolder } from 'mailwright/disk'

/** Bits of a secret that is made: more than any hash of it has. */
const secretOctets = 32

/**
 * The secrets of a file, one a line. Where there is no file and `create` is set one is made, readable by its owner only.
 * MAIL_E_START where it cannot be read, or has none.
 */
export async function readSecrets(path: string, create: boolean): Promise<readonly string[]> {
  try {
    const text = (await textOf(path)) ?? (create ? await made(path) : undefined)
    const secrets = (text ?? '').split(/\r?\n/).filter((line) => line !== '')
    if (secrets.length > 0) return secrets
  } catch (cause) {
    throw new MailwrightError('MAIL_E_START', `the secrets for SRS cannot be read from ${path}`, { cause })
  }
  throw new MailwrightError('MAIL_E_START', `there is no secret for SRS in ${path}`)
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Whole, or not at all: another process may do the same, and the first one's file counts. */
async function made(path: string): Promise<string | undefined> {
  const temporary = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    await writeFile(temporary, `${randomBytes(secretOctets).toString('base64url')}\n`, {
      flag: 'wx',
      mode: 0o600,
      flush: true,
    })
    await link(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(temporary).catch(() => undefined)
  }
  return textOf(path)
}
