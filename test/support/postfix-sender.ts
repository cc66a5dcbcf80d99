import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProcess } from './run-process.ts'

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
  { transports, services = [] }: PostfixSenderOptions,
): Promise<PostfixSender> {
  const settings = join(folder, 'etc')
  for (const name of ['etc', 'spool', 'data', 'log']) await mkdir(join(folder, name))
  const { uid, gid } = await idsOf('postfix')
  await chown(join(folder, 'data'), uid, gid)
  await writeFile(join(settings, 'main.cf'), mainSettings(folder))
  await writeFile(join(settings, 'master.cf'), [...ownServices, ...services, ''].join('\n'))
  const lines = Object.entries(transports).map(([domain, nextHop]) => `${domain} ${nextHop}\n`)
  await writeFile(join(settings, 'transport'), lines.join(''))
  const run = (program: string, words: readonly string[], stdin = '') =>
    checked(runProcess(program, words, { folder, stdin, env: { MAIL_CONFIG: settings, PATH: path } }))
  await run('postfix', ['-c', settings, 'start'])
  return {
    folder,
    send: (to, message) =>
      run('sendmail', ['-C', settings, '-i', '-f', 'a@client.example', '--', ...to], message),
    log: () => readFile(join(folder, 'log/postfix'), 'utf8').catch(() => ''),
    async stop() {
      await run('postfix', ['-c', settings, 'stop'])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const path = `/usr/sbin:/usr/bin:/sbin:/bin`

async function checked(finished: ReturnType<typeof runProcess>): Promise<void> {
  const { code, stdout, stderr } = await finished
  if (code !== 0) throw new Error(`Postfix: ${stdout}${stderr}`)
}

async function idsOf(user: string): Promise<{ uid: number; gid: number }> {
  const [, , uid, gid] = (await readFile('/etc/passwd', 'utf8'))
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === user) ?? ['', '', '0', '0']
  return { uid: Number(uid), gid: Number(gid) }
}

function mainSettings(folder: string): string {
  return `compatibility_level = 3.6
queue_directory = ${folder}/spool
data_directory = ${folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
default_database_type = texthash
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.client.example
mydestination =
transport_maps = texthash:${folder}/etc/transport
maillog_file = ${folder}/log/postfix
maillog_file_prefixes = ${folder}
`
}

const ownServices = `
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`
  .trim()
  .split('\n')
