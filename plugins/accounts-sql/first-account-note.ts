import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Address, addressKey, type Database, formatAddress, type Log, parseAddress } from 'mailwright'
import { verifyPassword } from 'mailwright/accounts'
import { findSecrets } from './secrets.ts'

interface Noted {
  readonly address: Address
  readonly password: string
}

/** The file with the first account's address and password, for as long as that is its password. */
export class FirstAccountNote {
  readonly file: string
  readonly #folder: string
  readonly #log: Log

  constructor(dataDir: string, log: Log) {
    this.file = join(dataDir, 'first-account.txt')
    this.#folder = dataDir
    this.#log = log
  }

  async write({ address, password }: Noted): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const fresh = `${this.file}.new`
    const handle = await open(fresh, 'w', 0o600)
    try {
      // A file that was there already keeps its mode when it is opened.
      await handle.chmod(0o600)
      await handle.writeFile(`address: ${formatAddress(address)}\npassword: ${password}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(fresh, this.file)
  }

  /** An account has another password now. Does not fail: the password is changed whatever becomes of the file. */
  changed(address: Address): Promise<void> {
    return this.#removeWhere(async (noted) => addressKey(noted.address) === addressKey(address))
  }

  /** Removes the file where its account is gone, or was given another password by other means. Does not fail. */
  check(database: Database): Promise<void> {
    return this.#removeWhere(async ({ address, password }) => {
      const hash = (await findSecrets(database, address))?.password
      return hash === undefined || !(await verifyPassword(password, hash))
    })
  }

  async #removeWhere(isOver: (noted: Noted) => Promise<boolean>): Promise<void> {
    try {
      const noted = await this.#read()
      if (noted !== undefined && (await isOver(noted))) await rm(this.file, { force: true })
    } catch (error) {
      this.#log.warn('unavailable', { file: this.file, error })
    }
  }

  /** Undefined where there is no such file. */
  async #read(): Promise<Noted | undefined> {
    const text = await readFile(this.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw error
    })
    const address = parseAddress(/^address: (.+)$/m.exec(text)?.[1] ?? '')
    const password = /^password: (.+)$/m.exec(text)?.[1]
    return address === undefined || password === undefined ? undefined : { address, password }
  }
}
