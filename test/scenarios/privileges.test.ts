import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { projectFolder } from '../support/project-files.ts'
import { type Finished, runProcess } from '../support/run-process.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

// Only root can become somebody else; each server is a process of its own.
const isRoot = process.getuid?.() === 0
const nobody = 65_534

let project: TemporaryProject
let server: ServerProcess | undefined

beforeEach(async () => {
  project = await temporaryProject()
  // As /etc and the folders of packages are: readable for everybody.
  await chmod(project.folder, 0o755)
})

afterEach(async () => {
  await server?.stop()
  server = undefined
  await project[Symbol.asyncDispose]()
})

interface Wanted {
  readonly user?: string
  readonly group?: string
  readonly port?: number
  readonly more?: string
}

// Works with files, so that there are threads, and looks at what may be done.
const witness = `
import { readFile, writeFile } from 'node:fs/promises'
import { definePlugin, noOptions } from 'mailwright'

export default definePlugin({
  name: 'witness',
  parseOptions: noOptions,
  setup({ dataDir }) {
    return {
      async start() {
        await Promise.all(Array.from({ length: 16 }, (_, index) => writeFile(dataDir + '/file-' + index, 'x')))
        const shadow = await readFile('/etc/shadow').then(() => 'read', (error) => error.code)
        await writeFile(dataDir + '/witness.json', JSON.stringify({ shadow, uid: process.getuid(), groups: process.getgroups() }))
      },
    }
  },
})
`

async function configure({ user, group, port = 0, more = '' }: Wanted): Promise<void> {
  await project.write('witness.mjs', witness)
  await project.write(
    'mailwright.config.ts',
    `
import { defineConfig } from 'mailwright'
import accountsFile from 'mailwright/plugins/accounts-file'
import certificates from 'mailwright/plugins/certificates'
import imap from 'mailwright/plugins/imap'
import maildir from 'mailwright/plugins/maildir'
import witness from './witness.mjs'

export default defineConfig({
  dataDir: 'data',
  ${user === undefined ? '' : `user: '${user}',`}
  ${group === undefined ? '' : `group: '${group}',`}
  plugins: [accountsFile({ create: true }), maildir(), certificates(), witness(), imap({ port: ${port} }), ${more}],
})
`,
  )
}

function mailwright(
  words: readonly string[],
  more: { stdin?: string; env?: Record<string, string> } = {},
): Promise<Finished> {
  const argv = ['--conditions=mailwright-source', join(projectFolder, 'core/cli/main.ts'), ...words]
  return runProcess(process.execPath, argv, { folder: project.folder, ...more })
}

/** A port below 1024 that nobody uses now. */
async function lowPort(): Promise<number> {
  for (let port = 1_023; port > 600; port--) {
    const isTaken = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.on('error', () => resolve(false))
    })
    if (!isTaken) return port
  }
  throw new Error('all ports are taken')
}

function greeting(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', reject)
    socket.once('data', (octets) => {
      socket.destroy()
      resolve(octets.toString())
    })
  })
}

describe.runIf(isRoot)('a server that root starts for somebody else', () => {
  test('has its port, and nothing more of what root may do', async () => {
    const port = await lowPort()
    await configure({ user: 'nobody', port })
    server = await startServer(project.folder)
    expect(await greeting(port)).toMatch(/^\* OK/)
    const seen = JSON.parse(await readFile(join(project.folder, 'data/witness.json'), 'utf8')) as unknown
    expect(seen).toEqual({ shadow: 'EACCES', uid: nobody, groups: [nobody] })
    const threads = await readdir(`/proc/${server.pid}/task`)
    expect(threads.length).toBeGreaterThan(4)
    for (const thread of threads) {
      const status = await readFile(`/proc/${server.pid}/task/${thread}/status`, 'utf8')
      const ids = `${nobody}\t${nobody}\t${nobody}\t${nobody}`
      expect(status).toContain(`Uid:\t${ids}\nGid:\t${ids}\n`)
      expect(status).toMatch(/^CapPrm:\t0+\nCapEff:\t0+$/m)
    }
  })

  test('owns all its files', async () => {
    await configure({ user: 'nobody' })
    server = await startServer(project.folder)
    const folder = join(project.folder, 'data')
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    const entries = await readdir(folder, { recursive: true })
    expect(entries).toContain('tls/self-signed.pem')
    for (const entry of ['.', ...entries]) expect((await stat(join(folder, entry))).uid).toBe(nobody)
  })

  test('is of another group where the config says so, and of the user his others', async () => {
    await configure({ user: 'nobody', group: 'mail' })
    server = await startServer(project.folder)
    const { gid } = await stat(join(project.folder, 'data/witness.json'))
    const mail = /^mail:x:(\d+):/m.exec(await readFile('/etc/group', 'utf8'))?.[1]
    expect(String(gid)).toBe(mail)
  })

  test('reloads, keeps its low port, and says what it cannot have any more', async () => {
    const [port, other, high] = [await lowPort(), 599, await freePort()]
    await configure({ user: 'nobody', port })
    server = await startServer(project.folder)
    await configure({ user: 'nobody', port, more: `imap({ port: ${high} }, { as: 'second' })` })
    const reloaded = server.logged('reloaded')
    server.signal('SIGHUP')
    await reloaded
    expect(await greeting(port)).toMatch(/^\* OK/)
    expect(await greeting(high)).toMatch(/^\* OK/)
    await configure({ user: 'nobody', port, more: `imap({ port: ${other} }, { as: 'second' })` })
    const refused = server.logged('reload-refused')
    server.signal('SIGHUP')
    expect(await refused).toMatchObject({
      error: `second cannot listen on 127.0.0.1 port ${other}: ports below 1024 need root or CAP_NET_BIND_SERVICE; after \`user\` has taken effect, a new start: listen EACCES: permission denied 127.0.0.1:${other}`,
    })
    expect(await greeting(port)).toMatch(/^\* OK/)
    await configure({ user: 'daemon', port })
    const again = server.logged('reload-refused')
    server.signal('SIGHUP')
    expect(await again).toMatchObject({
      error: 'user: cannot change while the server runs: stop it, and start it again',
    })
  })

  test('is told where its config cannot be read again', async () => {
    await configure({ user: 'nobody' })
    await chmod(join(project.folder, 'mailwright.config.ts'), 0o600)
    server = await startServer(project.folder)
    const refused = server.logged('reload-refused')
    server.signal('SIGHUP')
    expect(await refused).toMatchObject({ error: expect.stringMatching(/EACCES|permission denied/) })
    expect(await greeting(server.port('imap'))).toMatch(/^\* OK/)
  })
})

describe.runIf(isRoot)('a start is refused', () => {
  test('where the data is of root, with what to do', async () => {
    await configure({ user: 'nobody' })
    const folder = join(project.folder, 'data')
    await mkdir(folder, { mode: 0o700 })
    expect(await mailwright(['start'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        `dataDir: not nobody's own: ${folder}; as root: chown -R -h nobody:${nobody} ${folder}`,
      ),
    })
    await chown(folder, nobody, nobody)
    await writeFile(join(folder, 'mailwright.db'), '')
    const refused = await mailwright(['start'])
    expect(refused.stderr).toContain(`not nobody's own: ${join(folder, 'mailwright.db')};`)
    expect(refused.code).toBe(1)
    expect(await readdir(folder)).toEqual(['mailwright.db'])
  })

  test('where the user cannot get to the data', async () => {
    await configure({ user: 'nobody' })
    const closed = join(project.folder, 'closed')
    const folder = join(closed, 'data')
    await mkdir(folder, { recursive: true })
    await chown(folder, nobody, nobody)
    await chmod(closed, 0o700)
    const config = join(project.folder, 'mailwright.config.ts')
    const text = await readFile(config, 'utf8')
    await writeFile(config, text.replace("dataDir: 'data'", `dataDir: '${folder}'`))
    const { code, stderr } = await mailwright(['start'])
    expect(stderr).toContain(`a folder above ${folder} is closed to nobody`)
    expect(stderr).not.toContain('chown')
    expect(code).toBe(1)
  })

  test.each([
    [{ user: 'no-such-user' }, 'user: there is no user no-such-user'],
    [{ user: 'nobody', group: 'no-such-group' }, 'group: there is no group no-such-group'],
  ] as const)('%j: %s', async (wanted, problem) => {
    await configure(wanted)
    const { code, stderr } = await mailwright(['start'])
    expect(stderr).toContain(problem)
    expect(code).toBe(1)
    expect(await readdir(project.folder)).not.toContain('data')
  })

  test('where the kernel would go on as root', async () => {
    await configure({ user: 'nobody' })
    const { code, stderr } = await mailwright(['start'], { env: { UV_USE_IO_URING: '1' } })
    expect(stderr).toContain('UV_USE_IO_URING')
    expect(code).toBe(1)
  })

  test('where the port is taken, before anything else is done', async () => {
    const port = await lowPort()
    await configure({ user: 'nobody', port })
    server = await startServer(project.folder)
    await using other = await temporaryProject({
      'witness.mjs': witness,
      'mailwright.config.ts': await readFile(join(project.folder, 'mailwright.config.ts'), 'utf8'),
    })
    const argv = ['--conditions=mailwright-source', join(projectFolder, 'core/cli/main.ts'), 'start']
    const second = await runProcess(process.execPath, argv, { folder: other.folder })
    expect(second.stderr).toContain(
      `imap cannot listen on 127.0.0.1 port ${port}: another program listens there`,
    )
    expect(second.code).toBe(1)
    expect(await readdir(other.folder)).not.toContain('data')
  })

  test('by somebody who can become nobody else', async () => {
    await configure({ user: 'daemon' })
    const main = join(projectFolder, 'core/cli/main.ts')
    const words = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath]
    const { code, stderr } = await runProcess(
      'setpriv',
      [...words, '--conditions=mailwright-source', main, 'start'],
      { folder: project.folder },
    )
    expect(stderr).toContain(
      'user: only root can become daemon, and this process is of the user with the number 65534',
    )
    expect(code).toBe(1)
  })
})

describe.runIf(isRoot)('check', () => {
  const checked = async () => {
    const { code, stdout, stderr } = await mailwright(['check'])
    return { code, said: stdout + stderr }
  }

  test('reads as the user, and makes nothing', async () => {
    await configure({ user: 'nobody' })
    expect(await checked()).toMatchObject({ code: 0 })
    expect(await readdir(project.folder)).not.toContain('data')
  })

  test('refuses a file that root alone can read, as a start does', async () => {
    await project.write('secret', 'x'.repeat(40))
    await chmod(join(project.folder, 'secret'), 0o600)
    await project.write(
      'mailwright.config.ts',
      `import srs from 'mailwright/plugins/srs'
       export default { dataDir: 'data', user: 'nobody', plugins: [srs({ secretFile: '${project.folder}/secret' })] }`,
    )
    const { code, said } = await checked()
    expect({ code, said }).toMatchObject({ code: 1, said: expect.stringContaining('EACCES') })
    expect(said).toContain(`read as nobody, who is in the groups ${nobody})`)
    await chmod(join(project.folder, 'secret'), 0o644)
    expect(await checked()).toMatchObject({ code: 0 })
  })

  test('refuses a user that there is not, and data that is not his', async () => {
    await configure({ user: 'no-such-user' })
    expect(await checked()).toMatchObject({
      code: 1,
      said: expect.stringContaining('user: there is no user no-such-user'),
    })
    await configure({ user: 'nobody' })
    await mkdir(join(project.folder, 'data'), { mode: 0o700 })
    expect(await checked()).toMatchObject({ code: 1, said: expect.stringContaining("not nobody's own") })
  })

  test('by whoever cannot become the user tells what it has not looked at', async () => {
    await configure({ user: 'daemon' })
    const main = join(projectFolder, 'core/cli/main.ts')
    const words = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath]
    const { code, stdout } = await runProcess(
      'setpriv',
      [...words, '--conditions=mailwright-source', main, 'check'],
      { folder: project.folder },
    )
    expect(stdout).toContain(
      'But whether daemon can read the files that the config names has not been looked at',
    )
    expect(code).toBe(0)
  })
})

describe.runIf(isRoot)('who is it already', () => {
  test('needs no root', async () => {
    await configure({ user: 'nobody' })
    await mkdir(join(project.folder, 'data'), { mode: 0o700 })
    await chown(join(project.folder, 'data'), nobody, nobody)
    const main = join(projectFolder, 'core/cli/main.ts')
    const { code, stdout, stderr } = await runProcess(
      'setpriv',
      [
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        process.execPath,
        '--conditions=mailwright-source',
        main,
        'user',
        'list',
      ],
      { folder: project.folder },
    )
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' })
  })
})

test.runIf(isRoot)("root's commands leave nothing of root's", async () => {
  await configure({ user: 'nobody' })
  expect(await mailwright(['domain', 'add', 'example.org'])).toMatchObject({ code: 0 })
  const added = await mailwright(['user', 'add', 'me@example.org', '--password-stdin'], {
    stdin: 'a good password\n',
  })
  expect(added).toMatchObject({ code: 0 })
  const folder = join(project.folder, 'data')
  for (const entry of await readdir(folder, { recursive: true }))
    expect((await stat(join(folder, entry))).uid).toBe(nobody)
})
