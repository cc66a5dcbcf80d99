import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostfix } from './postfix.ts'

/** A Postfix of the test's own that sends what it is given to us. Only root can run one. */
export interface PostfixSender {
  /** A folder that Postfix's clients can enter, such as for Unix sockets. */
  readonly folder: string
  /** Hands in a message as a local program would. */
  send(to: readonly string[], message: string): Promise<void>
  /** What it logged. */
  log(): Promise<string>
  stop(): Promise<void>
}

export interface PostfixSenderOptions {
  /** Where the mail of each domain goes: a transport and its next hop, `smtp:[127.0.0.1]:2525`. */
  readonly transports: Readonly<Record<string, string>>
  /** More settings of main.cf, a line each. */
  readonly settings?: readonly string[]
  /** More services of master.cf, a line each. */
  readonly services?: readonly string[]
}

/** A folder for a Postfix and for what its clients must reach. */
export async function postfixFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-postfix-'))
  await chmod(folder, 0o711)
  return folder
}

/** Starts it in a folder made by `postfixFolder`. */
export async function startPostfixSender(
  folder: string,
  { transports, settings = [], services = [] }: PostfixSenderOptions,
): Promise<PostfixSender> {
  const lines = Object.entries(transports).map(([domain, nextHop]) => `${domain} ${nextHop}\n`)
  const postfix = await startPostfix(folder, {
    main: [
      'myhostname = relay.client.example',
      'mydestination =',
      `transport_maps = texthash:${folder}/etc/transport`,
      ...settings,
    ],
    services,
    files: { transport: lines.join('') },
  })
  return {
    folder,
    send: (to, message) =>
      postfix.run('sendmail', ['-C', postfix.settings, '-i', '-f', 'a@client.example', '--', ...to], message),
    log: () => postfix.log(),
    async stop() {
      await postfix.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
