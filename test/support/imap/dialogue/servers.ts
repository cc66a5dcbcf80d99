import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCourier } from '../../peers/courier.ts'
import { startImapDovecot } from '../../peers/imap-dovecot.ts'
import type { UnpackedPeer } from '../../peers/peers.ts'
import { ImapClient } from '../imap-client.ts'
import type { ServerName } from './script.ts'

export interface DialogueAccount {
  readonly user: string
  readonly password: string
}

/** A server that dialogues are played with. */
export interface DialogueServer extends AsyncDisposable {
  readonly name: ServerName
  readonly port: number
  /** Listeners that are set up otherwise, by their names. */
  readonly listeners?: ReadonlyMap<string, number>
  /** Whether it says alerts before its greeting. */
  readonly alertsComeFirst?: boolean
  /** Whether it answers NO to what it cannot read, where BAD is expected (RFC 9051 §7.1.3). */
  readonly saysNoForBad?: boolean
  /** A new account, with an empty INBOX. */
  account(): Promise<DialogueAccount>
  /** The name of a mailbox, of whose levels `/` separates each from the next. */
  mailbox(name: string): string
  /** In upper case, after the login. */
  capabilities(): Promise<ReadonlySet<string>>
}

/** Starts a Dovecot for dialogues. */
export async function dialogueDovecot(): Promise<DialogueServer> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-dialogues-'))
  const dovecot = await startImapDovecot(folder)
  let count = 0
  const account = async (): Promise<DialogueAccount> => {
    count += 1
    return { user: `user${count}`, password: dovecot.password }
  }
  return {
    name: 'dovecot',
    port: dovecot.port,
    account,
    mailbox: (name) => name,
    capabilities: once(async () => capabilitiesOf(dovecot.port, await account())),
    async [Symbol.asyncDispose]() {
      await dovecot[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Starts a Courier for dialogues: for each account one, since its listener knows a single account. */
export async function dialogueCourier(peer: UnpackedPeer): Promise<DialogueServer> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-dialogues-'))
  const running: AsyncDisposable[] = []
  let port = 0
  const account = async (): Promise<DialogueAccount> => {
    const home = join(folder, `${running.length}`)
    await mkdir(home)
    const courier = await startCourier(peer, home)
    running.push(courier)
    port = courier.imapPort
    return { user: 'ann', password: 'secret' }
  }
  return {
    name: 'courier',
    alertsComeFirst: true,
    saysNoForBad: true,
    get port() {
      return port
    },
    account,
    mailbox: (name) => (name === 'INBOX' ? name : `INBOX.${name.replaceAll('/', '.')}`),
    capabilities: once(async () => {
      const login = await account()
      return await capabilitiesOf(port, login)
    }),
    async [Symbol.asyncDispose]() {
      for (const each of running) await each[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The capabilities of a server as it names them after a login. */
export async function capabilitiesOf(
  port: number,
  { user, password }: DialogueAccount,
): Promise<ReadonlySet<string>> {
  const options = { alertsComeFirst: true, onViolation: () => undefined }
  const client = await ImapClient.open(port, user, password, options)
  await client.ok('CAPABILITY')
  await client.logOut()
  return client.checker.dialect.capabilities
}

/** The same answer for every call. */
export function once<T>(find: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined
  return () => {
    found ??= find()
    return found
  }
}
