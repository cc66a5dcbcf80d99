import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { environment, runProcess } from '../run-process.ts'

/** A zone of the test's own. */
export interface TestZone {
  /** Such as `signed.example`. */
  readonly name: string
  /** Lines of a zone file behind SOA and NS. */
  readonly records: string
  /** `signed`: with DNSSEC, as it should be. `bogus`: the resolver was told of another key than it is signed with. */
  readonly dnssec?: 'signed' | 'bogus'
}

/** A validating resolver that knows some zones and nothing else. */
export interface Unbound extends AsyncDisposable {
  readonly port: number
}

const head = `$TTL 300
@ IN SOA ns hostmaster 1 3600 900 604800 60
@ IN NS ns
ns IN A 127.0.0.1
`

/** Starts unbound on 127.0.0.1, with the zones as if it had them from other servers: they are validated. */
export async function startUnbound(zones: readonly TestZone[]): Promise<Unbound> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-unbound-'))
  const port = await freePort()
  const parts: string[] = []
  for (const zone of zones) parts.push(await zoneConfig(folder, zone))
  await writeFile(join(folder, 'unbound.conf'), config(folder, port, parts))
  const child = spawn('unbound', ['-d', '-c', join(folder, 'unbound.conf')], {
    env: { ...environment(), PATH: `${environment().PATH}:/usr/sbin` },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await started(child)
  return {
    port,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) {
        child.kill()
        await once(child, 'exit')
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function started(child: ChildProcess): Promise<void> {
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes('start of service')) resolve()
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`unbound ended with ${code}: ${said}`)))
  })
}

async function zoneConfig(folder: string, { name, records, dnssec }: TestZone): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, `${head}${records}\n`)
  const zonefile = dnssec === undefined ? file : `${file}.signed`
  const anchors: string[] = []
  if (dnssec !== undefined) {
    const key = await makeKey(folder, name)
    await run(folder, 'dnssec-signzone', ['-S', '-z', '-K', folder, '-o', name, '-f', zonefile, file])
    const trusted = dnssec === 'signed' ? key : await makeKey(folder, name)
    anchors.push(`server:\n  trust-anchor-file: "${join(folder, `${trusted}.key`)}"`)
  }
  const zone = `auth-zone:
  name: "${name}"
  zonefile: "${zonefile}"
  for-downstream: no
  for-upstream: yes
  fallback-enabled: no`
  return [...anchors, zone].join('\n')
}

/** The name of its files. */
async function makeKey(folder: string, zone: string): Promise<string> {
  const words = ['-q', '-a', 'ECDSAP256SHA256', '-f', 'KSK', '-K', folder, zone]
  const name = (await run(folder, 'dnssec-keygen', words)).trim()
  await readFile(join(folder, `${name}.key`))
  return name
}

async function run(folder: string, program: string, words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runProcess(program, words, { folder })
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr}`)
  return stdout
}

function config(folder: string, port: number, parts: readonly string[]): string {
  return `server:
  interface: 127.0.0.1
  port: ${port}
  directory: "${folder}"
  pidfile: ""
  chroot: ""
  username: ""
  use-syslog: no
  verbosity: 1
  num-threads: 1
  module-config: "validator iterator"
  do-daemonize: no
  local-zone: "2.0.192.in-addr.arpa." nodefault
remote-control:
  control-enable: no
${parts.join('\n')}
`
}
