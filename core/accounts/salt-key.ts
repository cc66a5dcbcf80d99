import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UnavailableError } from '../errors.ts'

const KEY_OCTETS = 32

/**
 * The secret that salts for SCRAM are made of, from a file, which is made where there is none. Several processes may
 * come at the same time: one makes it, all read it. MAIL_E_UNAVAILABLE where the file cannot be made, or is none of ours.
 */
export async function readSaltKey(file: string): Promise<Buffer> {
  try {
    return await readKey(file).catch((error) =>
      error.code === 'ENOENT' ? makeKey(file) : Promise.reject(error),
    )
  } catch (cause) {
    throw new UnavailableError(`the key of salts ${file} cannot be read or made`, { cause })
  }
}

async function readKey(file: string): Promise<Buffer> {
  const octets = await readFile(file)
  if (octets.length !== KEY_OCTETS) throw new Error(`it must have ${KEY_OCTETS} octets`)
  return octets
}

/** A link cannot replace a file: whoever comes second reads what the first has made, and never half of it. */
async function makeKey(file: string): Promise<Buffer> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const fresh = `${file}.${process.pid}-${randomBytes(6).toString('hex')}`
  await writeFile(fresh, randomBytes(KEY_OCTETS), { flag: 'wx', mode: 0o600, flush: true })
  try {
    await link(fresh, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(fresh)
  }
  return readKey(file)
}
