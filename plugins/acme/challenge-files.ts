import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Certificate, type Clock, canonicalDomain, UnavailableError } from 'mailwright'
import { makeChallengeCertificate } from './challenge-certificate.ts'
import { readIfThere, writeDurably } from './durable-file.ts'
import type { ChallengeType } from './options.ts'
import { pairFrom, pemOf } from './pem.ts'

// RFC 8555 §8: base64url. It becomes the name of a file.
const tokenForm = /^[A-Za-z0-9_-]{1,128}$/
const wellKnown = '.well-known/acme-challenge'
// Before the token of a file that is in the webroot.
const published = 'webroot-'

/** What the authority is to find, for a moment. */
export interface Challenge {
  readonly name: string
  readonly token: string
  readonly keyAuthorization: string
}

/**
 * What challenges are answered with: files, so that a listener can answer for an order of another process (the command
 * `acme renew`, the host before a reload).
 */
export class ChallengeFiles {
  readonly #folder: string
  readonly #type: ChallengeType
  readonly #webroot: string | undefined
  readonly #clock: Clock

  constructor(folder: string, type: ChallengeType, webroot: string | undefined, clock: Clock) {
    this.#folder = join(folder, 'challenges')
    this.#type = type
    this.#webroot = webroot
    this.#clock = clock
  }

  /** Makes ready to be asked. Answers the call that undoes it. */
  async prepare(challenge: Challenge): Promise<() => Promise<void>> {
    if (!tokenForm.test(challenge.token))
      throw new UnavailableError('the authority gave a token that is none')
    const path = this.#pathOf(challenge)
    if (this.#type === 'tls-alpn-01') {
      const { name, keyAuthorization } = challenge
      const made = makeChallengeCertificate(name, keyAuthorization, this.#clock.now())
      await writeDurably(path, pemOf(made))
    } else if (this.#webroot === undefined) await writeDurably(path, challenge.keyAuthorization)
    else return this.#publish(path, challenge)
    return () => rm(path, { force: true })
  }

  /** For another program, which has to be able to read it. The folder is not ours alone: what we put there is noted. */
  async #publish(path: string, { token, keyAuthorization }: Challenge): Promise<() => Promise<void>> {
    const note = join(this.#folder, published + token)
    await writeDurably(note, '')
    await makeReadable(dirname(path))
    await writeDurably(path, keyAuthorization)
    await chmod(path, 0o644)
    return async () => {
      await rm(path, { force: true })
      await rm(note, { force: true })
    }
  }

  #pathOf({ name, token }: Challenge): string {
    if (this.#type === 'tls-alpn-01') return this.#certificatePath(name)
    return this.#webroot === undefined ? this.#tokenPath(token) : publicPath(this.#webroot, token)
  }

  #tokenPath(token: string): string {
    return join(this.#folder, `http-${token}`)
  }

  #certificatePath(name: string): string {
    return join(this.#folder, `tls-${name}.pem`)
  }

  /** What a request for a path is answered with (RFC 8555 §8.3). Undefined where nobody is to ask for that. */
  async textFor(path: string): Promise<string | undefined> {
    const prefix = `/${wellKnown}/`
    const token = path.slice(prefix.length)
    if (!path.startsWith(prefix) || !tokenForm.test(token)) return undefined
    return readIfThere(this.#tokenPath(token))
  }

  /** The certificate for a server name (RFC 8737 §3). Undefined where nobody is to ask for that. */
  async certificateFor(serverName: string): Promise<Certificate | undefined> {
    const name = canonicalDomain(serverName)
    if (name === undefined || name.startsWith('[')) return undefined
    const pem = await readIfThere(this.#certificatePath(name))
    return pem === undefined ? undefined : pairFrom(pem)
  }

  /** Removes what a process that died has left. Only for whoever has the lock. */
  async clear(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => [])
    await Promise.all(names.map((name) => this.#remove(name)))
  }

  async #remove(name: string): Promise<void> {
    const token = name.slice(published.length)
    if (this.#webroot !== undefined && name.startsWith(published) && tokenForm.test(token))
      await removeWritten(publicPath(this.#webroot, token))
    await rm(join(this.#folder, name), { force: true })
  }
}

/** Removes a file, and what a process that died in the middle of writing it has left beside it. */
async function removeWritten(path: string): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)]
  const names = await readdir(folder).catch(() => [])
  const written = names.filter((each) => each === name || each.startsWith(`${name}.`))
  await Promise.all(written.map((each) => rm(join(folder, each), { force: true })))
}

function publicPath(webroot: string, token: string): string {
  return join(webroot, wellKnown, token)
}

/**
 * Makes the folder of the answers, which everybody may read, and those above it that are missing, whatever the umask is. The
 * two that are there for the authority are opened where they are ours and nobody else gets through.
 */
async function makeReadable(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true })
  if (first !== undefined)
    for (let made = folder; made.length >= first.length; made = dirname(made)) await chmod(made, 0o755)
  for (const each of [dirname(folder), folder]) {
    const { mode, uid } = await stat(each)
    if ((mode & 0o001) === 0 && uid === process.getuid?.()) await chmod(each, (mode & 0o7777) | 0o055)
  }
}
