import { chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProcess } from '../run-process.ts'

/** A Postfix of its own, in a folder. Only root can run one. */
export interface RunningPostfix {
  /** The folder of its settings. */
  readonly settings: string
  /** Its first process. */
  readonly pid: number
  /** Runs one of its programs, with its settings. */
  run(program: string, words: readonly string[], stdin?: string): Promise<void>
  /** What it logged. */
  log(): Promise<string>
  stop(): Promise<void>
}

export interface PostfixParts {
  /** Lines of main.cf beside where everything is. */
  readonly main: readonly string[]
  /** Lines of master.cf beside the services that every Postfix needs. */
  readonly services: readonly string[]
  /** Further files of its settings, by name. */
  readonly files: Readonly<Record<string, string>>
}

/** Starts one in a folder that its processes, which are not root's, can enter. */
export async function startPostfix(
  folder: string,
  { main, services, files }: PostfixParts,
): Promise<RunningPostfix> {
  const settings = join(folder, 'etc')
  for (const name of ['etc', 'spool', 'data', 'log']) await mkdir(join(folder, name), { recursive: true })
  const { uid, gid } = await idsOf('postfix')
  await chown(join(folder, 'data'), uid, gid)
  const written = {
    ...files,
    'main.cf': [...places(folder), ...main, ''].join('\n'),
    'master.cf': [...ownServices, ...services, ''].join('\n'),
  }
  for (const [name, text] of Object.entries(written)) await writeFile(join(settings, name), text)
  const env = { MAIL_CONFIG: settings, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
  const run = async (program: string, words: readonly string[], stdin = '') => {
    const { code, stdout, stderr } = await runProcess(program, words, { folder, stdin, env })
    if (code !== 0) throw new Error(`Postfix: ${stdout}${stderr}`)
  }
  await run('postfix', ['-c', settings, 'start'])
  return {
    settings,
    pid: Number(await readFile(join(folder, 'spool/pid/master.pid'), 'utf8')),
    run,
    log: () => readFile(join(folder, 'log/postfix'), 'utf8').catch(() => ''),
    stop: () => run('postfix', ['-c', settings, 'stop']),
  }
}

async function idsOf(user: string): Promise<{ uid: number; gid: number }> {
  const [, , uid, gid] = (await readFile('/etc/passwd', 'utf8'))
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === user) ?? ['', '', '0', '0']
  return { uid: Number(uid), gid: Number(gid) }
}

function places(folder: string): readonly string[] {
  return [
    'compatibility_level = 3.6',
    `queue_directory = ${folder}/spool`,
    `data_directory = ${folder}/data`,
    'command_directory = /usr/sbin',
    'daemon_directory = /usr/lib/postfix/sbin',
    'mail_owner = postfix',
    'setgid_group = postdrop',
    'default_database_type = texthash',
    'inet_interfaces = 127.0.0.1',
    'inet_protocols = ipv4',
    `maillog_file = ${folder}/log/postfix`,
    `maillog_file_prefixes = ${folder}`,
  ]
}

const ownServices = [
  'pickup unix n - n 60 1 pickup',
  'cleanup unix n - n - 0 cleanup',
  'qmgr unix n - n 300 1 qmgr',
  'tlsmgr unix - - n 1000? 1 tlsmgr',
  'rewrite unix - - n - - trivial-rewrite',
  'bounce unix - - n - 0 bounce',
  'defer unix - - n - 0 bounce',
  'trace unix - - n - 0 bounce',
  'flush unix n - n 1000? 0 flush',
  'proxymap unix - - n - - proxymap',
  'smtp unix - - n - - smtp',
  'lmtp unix - - n - - lmtp',
  'virtual unix - n n - - virtual',
  'error unix - - n - - error',
  'retry unix - - n - - error',
  'discard unix - - n - - discard',
  'anvil unix - - n - 1 anvil',
  'scache unix - - n - 1 scache',
  'postlog unix-dgram n - n - 1 postlogd',
]
