import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { dropHeadSize, dropNameKind, parseDropHead } from '../../core/formats/drop-file.ts'
import { requirePeer, requirePeerModule } from '../support/peers/peers.ts'
import { projectFolder } from '../support/project-files.ts'
import { environment, type Finished, runProcess } from '../support/run-process.ts'
import { PickupWorld, type SeenMessage } from '../support/smtp/pickup-world.ts'

const launcher = join(projectFolder, 'core/cli/launch.mjs')
const shortWay = join(projectFolder, 'core/cli/sendmail/main.ts')
const isRoot = process.getuid?.() === 0

let world: PickupWorld
/** A folder with a link `sendmail`, as it is installed. */
let folder: string
let sendmail: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-sendmail-'))
  await chmod(folder, 0o755)
  sendmail = join(folder, 'sendmail')
  await symlink(launcher, sendmail)
})

afterAll(() => rm(folder, { recursive: true, force: true }))

beforeEach(async () => {
  world = new PickupWorld()
  await world.start()
})

afterEach(() => world.stop())

const env = () => ({ MAILWRIGHT_DROP: world.folder, HOME: folder })

/** Runs a program that calls `sendmail`; its message. */
async function handIn(
  program: string,
  words: readonly string[],
  stdin = '',
): Promise<SeenMessage | undefined> {
  const ended = await runProcess(program, words, { folder, stdin, env: env() })
  expect({ ...ended, stdout: '' }).toEqual({ code: 0, stdout: '', stderr: '' })
  await vi.waitFor(() => expect(world.seen).not.toEqual([]), 10_000)
  await world.gone()
  return world.seen[0]
}

describe('programs that call sendmail', () => {
  const php = requirePeer('php')
  test.runIf(php.available)('PHP: mail()', async () => {
    const call =
      "exit(mail('Anna <anna@example.org>, bob@example.org', 'Grüße', \"line 1\\r\\n.\\r\\nline 3\", ['From' => 'jo@example.org', 'Bcc' => 'root@example.org'], '-fbounces@example.org') ? 0 : 1);"
    const seen = await handIn('php', ['-d', `sendmail_path=${sendmail} -t -i`, '-r', call])
    expect(seen).toMatchObject({
      sender: 'bounces@example.org',
      recipients: ['anna@example.org', 'bob@example.org', 'root@example.org'],
    })
    expect(seen?.text).toMatch(/\r\nSubject: Grüße\r\n/)
    expect(seen?.text).toMatch(/\r\n\r\nline 1\r\n\.\r\nline 3\r\n$/)
    expect(seen?.text).not.toContain('root@example.org')
  })

  test.runIf(php.available)('PHP hears that it was not queued', async () => {
    const words = ['-d', `sendmail_path=${sendmail} -t -i`, '-r', "exit(mail('', 'x', 'y') ? 0 : 3);"]
    const { code, stderr } = await runProcess('php', words, { folder, env: env() })
    expect(code).toBe(3)
    expect(stderr).toContain('there is no recipient')
  })

  const snail = requirePeer('s-nail')
  test.runIf(snail.available)('s-nail, as cron and scripts call mail', async () => {
    const words = [
      '-n',
      '-S',
      `mta=${sendmail}`,
      '-S',
      'v15-compat',
      '-r',
      'jo@example.org',
      '-s',
      'A job',
      'root',
      'anna@example.org',
    ]
    const seen = await handIn('s-nail', words, 'done\n.\nall\n')
    expect(seen).toMatchObject({
      sender: 'jo@example.org',
      recipients: ['root@example.org', 'anna@example.org'],
    })
    expect(seen?.text).toMatch(/\r\nTo: root@example\.org, ?\s*anna@example\.org\r\n/)
    expect(seen?.text).toMatch(/\r\n\r\ndone\r\n\.\r\nall\r\n$/)
  })

  const mutt = requirePeer('mutt')
  test.runIf(mutt.available)('mutt', async () => {
    const words = [
      '-n',
      '-F',
      '/dev/null',
      '-e',
      `set sendmail="${sendmail} -oem -oi" copy=no from="jo@example.org" use_envelope_from=yes`,
    ]
    const seen = await handIn(
      'mutt',
      [...words, '-s', 'Größe', '-b', 'bob@example.org', '--', 'anna@example.org'],
      'text ä\n',
    )
    expect(seen).toMatchObject({
      sender: 'jo@example.org',
      recipients: ['anna@example.org', 'bob@example.org'],
    })
    expect(seen?.text).not.toContain('bob@example.org')
  })

  const git = requirePeerModule('git', 'git-email', 'libmailtools-perl')
  test.runIf(git.available)('git send-email', async () => {
    const patch = join(folder, '0001-x.patch')
    await writeFile(
      patch,
      'From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\nFrom: Jo <jo@example.org>\nDate: Mon, 23 Nov 2026 10:00:00 +0000\nSubject: [PATCH] x\n\n---\n.\n',
    )
    const words = [
      // Not every machine's name tells git who somebody is.
      ...['-c', 'user.name=Jo', '-c', 'user.email=jo@example.org'],
      'send-email',
      `--smtp-server=${sendmail}`,
      '--from=jo@example.org',
      '--to=anna@example.org',
      '--confirm=never',
      '--quiet',
      patch,
    ]
    const seen = await handIn('git', words)
    expect(seen?.recipients).toContain('anna@example.org')
    expect(seen?.text).toMatch(/---\r\n\.\r\n$/)
  })

  test('a user of the machine who may do nothing else', async () => {
    if (!isRoot) return expect(isRoot).toBe(false)
    await chmod(world.dataDir, 0o711)
    // Node.js and the sources may lie where that user cannot go: what the command needs is open before it changes.
    const script = `await import('${shortWay.replace('main.ts', 'process.ts')}').then(({ sendmailProcess }) => { process.setgid(65534); process.setuid(65534); return sendmailProcess('sendmail', ['-f', 'jo@example.org', 'anna']) })`
    const words = ['--conditions=mailwright-source', '--input-type=module', '-e', script]
    const seen = await handIn(process.execPath, words, 'Subject: x\n\n')
    expect(seen?.text).toContain('(Mailwright, from userid 65534)')
    await chmod(world.folder, 0o1730)
    const refused = await runProcess(process.execPath, words, { folder, stdin: 'x', env: env() })
    expect(refused).toMatchObject({ code: 77, stderr: expect.stringContaining('is not open to this user') })
  })
})

describe('what goes wrong', () => {
  let drop: string

  beforeEach(async () => {
    drop = await mkdtemp(join(folder, 'drop-'))
  })

  function begin(...words: string[]): {
    readonly child: ChildProcess
    readonly ended: Promise<number | NodeJS.Signals | null>
  } {
    const child = spawn(
      process.execPath,
      ['--conditions=mailwright-source', shortWay, 'sendmail', '--drop', drop, ...words],
      {
        env: environment(),
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    )
    child.stdin?.on('error', () => undefined)
    const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
      child.on('exit', (code, signal) => resolve(code ?? signal))
    })
    return { child, ended }
  }

  /** Every file is whole, or the server does not take it. */
  async function wholeFiles(size: number): Promise<number> {
    const names = (await readdir(drop)).filter((name) => dropNameKind(name) === 'whole')
    for (const name of names) {
      const octets = await readFile(join(drop, name))
      const { envelope = 0, content } = parseDropHead(octets.subarray(0, dropHeadSize)) ?? {}
      expect(content).toBe(size)
      expect(octets.length).toBe(dropHeadSize + envelope + size)
    }
    return names.length
  }

  test('killed at any moment, it leaves a whole message or none', async () => {
    const text = Buffer.alloc(3_000_000, `${'x'.repeat(70)}\n`)
    let killed = 0
    let done = 0
    // From a program that has hardly begun until one was left alone for long enough, on whatever machine.
    for (let delay = 0; done < 3; delay += 2) {
      const { child, ended } = begin('a@example.org')
      child.stdin?.end(text)
      const timer = setTimeout(() => child.kill('SIGKILL'), delay)
      if ((await ended) === 0) done += 1
      else killed += 1
      clearTimeout(timer)
    }
    const whole = await wholeFiles(text.length)
    expect(killed).toBeGreaterThan(0)
    expect(whole).toBeGreaterThanOrEqual(done)
  })

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'at %s nothing is left, and the caller hears it',
    async (signal) => {
      const { child, ended } = begin('a@example.org')
      child.stdin?.write('Subject: x\n\nhalf')
      await vi.waitFor(async () => expect(await readdir(drop)).toHaveLength(1), 10_000)
      child.kill(signal)
      expect(await ended).toBe(75)
      expect(await readdir(drop)).toEqual([])
    },
  )

  test('a caller that does not close its end is not waited for after the lone dot', async () => {
    const { child, ended } = begin('a@example.org')
    child.stdin?.write('Subject: x\n\nhello\n.\n')
    expect(await ended).toBe(0)
    expect(await wholeFiles(18)).toBe(1)
  })

  test.runIf(isRoot)('a full disk', async () => {
    const mounted = await runProcess('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', drop], { folder })
    if (mounted.code !== 0) return expect(mounted.code).not.toBe(0)
    try {
      const stdin = `Subject: x\n\n${'x'.repeat(200_000)}`
      const words = ['--conditions=mailwright-source', shortWay, 'sendmail', '--drop', drop, 'a@example.org']
      const ended: Finished = await runProcess(process.execPath, words, { folder, stdin })
      expect(ended).toMatchObject({ code: 75, stderr: expect.stringContaining('the disk is full') })
      expect(await readdir(drop)).toEqual([])
    } finally {
      await runProcess('umount', [drop], { folder })
    }
  })

  test('standard input that is a folder, or closed', async () => {
    const command = (input: string) =>
      `exec "$0" --conditions=mailwright-source "$1" sendmail --drop "$2" a@example.org ${input}`
    const run = (input: string) =>
      runProcess('sh', ['-c', command(input), process.execPath, shortWay, drop], { folder })
    expect(await run('< /')).toMatchObject({ code: 74 })
    expect(await readdir(drop)).toEqual([])
    expect(await run('< /dev/null')).toMatchObject({ code: 0 })
    expect(await run('<&-')).toMatchObject({ code: 0 })
    expect(await wholeFiles(0)).toBe(2)
  })
})

test('the folder that the config names is found, by links of all names', async () => {
  const names = ['mailq', 'newaliases']
  for (const name of names) await symlink(launcher, join(folder, name))
  await mkdir(join(folder, 'site/node_modules'), { recursive: true })
  await symlink(projectFolder, join(folder, 'site/node_modules/mailwright'))
  const config = join(folder, 'site/mailwright.config.ts')
  const [data, other] = [join(folder, 'data'), join(folder, 'configured')]
  await writeFile(
    config,
    `import memory from 'mailwright/plugins/memory'
     import pickup from 'mailwright/plugins/pickup'
     export default { dataDir: ${JSON.stringify(data)}, plugins: [memory(), pickup({ folder: ${JSON.stringify(other)} })] }`,
  )
  await mkdir(other)
  if (isRoot) await chown(other, 0, 0)
  const run = (name: string, ...words: string[]) =>
    runProcess(join(folder, name), words, { folder: join(folder, 'site'), stdin: 'x' })
  expect(await run('sendmail', 'a@example.org')).toMatchObject({ code: 0, stderr: '' })
  expect(await run('sendmail', '-C', config, 'a@example.org')).toMatchObject({ code: 0, stderr: '' })
  expect(await readdir(other)).toHaveLength(2)
  expect(await run('mailq')).toMatchObject({ code: 0, stdout: expect.stringContaining('queue') })
  expect(await run('newaliases')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(await readdir(other)).toHaveLength(2)
})
