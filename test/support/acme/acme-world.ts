import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { type Certificate, type CommandOutput, certificates as certificatesKey } from 'mailwright'
import acme, { type AcmeInput } from 'mailwright/plugins/acme'
import certificates from 'mailwright/plugins/certificates'
import { createTestHost, type FakeClock, fakeClock, type TestHost } from 'mailwright/testing'
import { freePort } from '../free-port.ts'
import { type TemporaryProject, temporaryProject } from '../project.ts'
import { AcmeServer } from './acme-server.ts'

const day = 24 * 60 * 60 * 1000

/** An authority, and servers that order from it by a clock that stands still until `until` moves it. */
export class AcmeWorld implements AsyncDisposable {
  readonly authority: AcmeServer
  readonly project: TemporaryProject
  /** Ended with the world. */
  readonly hosts: TestHost[] = []
  clock: FakeClock = fakeClock(Date.now())
  /** Where the next server listens for the authority. */
  port: number

  private constructor(authority: AcmeServer, project: TemporaryProject, port: number) {
    this.authority = authority
    this.project = project
    this.port = port
  }

  static async begin(): Promise<AcmeWorld> {
    const authority = await AcmeServer.start()
    const project = await temporaryProject({ 'ca.pem': authority.authority.certificate })
    const world = new AcmeWorld(authority, project, await freePort())
    authority.behaviour.validationPort = world.port
    authority.behaviour.validity = () => ({
      from: world.clock.now() - 60_000,
      to: world.clock.now() + 90 * day,
    })
    return world
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of this.hosts) await host.stop()
    await this.authority[Symbol.asyncDispose]()
    await this.project[Symbol.asyncDispose]()
  }

  /** A server with the plugin, serving. */
  async start(options: Partial<AcmeInput> = {}): Promise<TestHost> {
    const { clock, project, authority, port } = this
    const host = await createTestHost({
      clock,
      sockets: true,
      dataDir: join(project.folder, 'data'),
      plugins: [
        certificates(),
        acme({
          agreeToTerms: true,
          certificates: [{ names: ['mx.example.org', 'imap.example.org'] }],
          directory: authority.directory,
          directoryCa: join(project.folder, 'ca.pem'),
          host: '127.0.0.1',
          port,
          ...options,
        }),
      ],
    })
    this.hosts.push(host)
    return host
  }

  /** Lets time pass until something is so: in small steps while the authority is at work, whose clock is a real one. */
  async until(isSo: () => boolean | Promise<boolean>, step = 1_000): Promise<void> {
    const { authority } = this
    for (let round = 0, asked = 0; round < 2_000; round++) {
      if (await isSo()) return
      const isAtWork = authority.isBusy || authority.asked.length !== asked
      asked = authority.asked.length
      this.clock.advance(isAtWork ? 250 : step)
      await new Promise((resolve) => setTimeout(resolve, step > 1_000 ? 30 : 5))
    }
    throw new Error('that never happened')
  }

  served(host: TestHost, name?: string): Promise<Certificate> {
    return host.service(certificatesKey).forName(name)
  }

  async serial(host: TestHost): Promise<string> {
    return new X509Certificate((await this.served(host)).chain).serialNumber
  }

  /** Runs a command of the plugins while time passes. */
  async command(host: TestHost, name: string, words: readonly string[] = []): Promise<CommandOutput> {
    const found = host.host.commands.find((each) => each.name === name)
    if (found === undefined) throw new Error(`no command ${name}`)
    let done = false
    const running = found.run({ arguments: words, options: {} }).finally(() => {
      done = true
    })
    running.catch(() => undefined)
    await this.until(() => done, 250)
    return running
  }
}

export function logged(host: TestHost, text: string): () => boolean {
  return () => host.log.lines.some((line) => JSON.stringify(line).includes(text))
}
