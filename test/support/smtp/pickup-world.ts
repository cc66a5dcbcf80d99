import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  bufferContent,
  createMessage,
  definePlugin,
  formatAddress,
  noOptions,
  type PluginFactory,
  type Reply,
  readAll,
  type StatusReport,
  statusNotifications,
} from 'mailwright'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import pickup, { type PickupInput } from 'mailwright/plugins/pickup'
import relay from 'mailwright/plugins/relay'
import { createTestHost, type FakeClock, fakeClock, type TestHost } from 'mailwright/testing'
import { expect, vi } from 'vitest'

/** A message as the hooks have seen it. */
export interface SeenMessage {
  readonly sender: string
  readonly recipients: readonly string[]
  readonly parameters: Record<string, unknown>
  readonly role: string
  readonly text: string
}

export interface PickupWorldOptions extends PickupInput {
  /** Whether somebody makes notifications. True. */
  readonly tells?: boolean
}

/**
 * Servers with the plugin `pickup` and a drop folder, and what becomes of messages in it. Accounts of example.org: jo,
 * anna, bob, root; mail for other domains is taken, and gone.
 */
export class PickupWorld {
  readonly clock: FakeClock = fakeClock(Date.now())
  readonly seen: SeenMessage[] = []
  readonly reports: StatusReport[] = []
  /** What a recipient is answered, by the local part; those who are not named may get it. */
  refusals: Readonly<Record<string, Reply>> = {}
  dataDir = ''
  #hosts: TestHost[] = []

  /** In a new data folder, or in one that is kept. */
  async start({ tells = true, ...options }: PickupWorldOptions = {}, kept?: string): Promise<TestHost> {
    const accounts = ['jo', 'anna', 'bob', 'root'].map((name) => ({ address: `${name}@example.org` }))
    const host = await createTestHost({
      clock: this.clock,
      plugins: [
        memory({ accounts }),
        localDelivery(),
        relay(),
        this.#observer()(),
        tells && this.#notifier()(),
        pickup({ origin: 'example.org', ...options }),
      ],
      ...(kept === undefined ? {} : { dataDir: kept }),
    })
    this.#hosts.push(host)
    this.dataDir = host.dataDir
    return host
  }

  async stop(): Promise<void> {
    for (const host of this.#hosts) await host.stop()
  }

  get folder(): string {
    return join(this.dataDir, 'drop')
  }

  async inside(name: string): Promise<readonly string[]> {
    return (await readdir(join(this.folder, name))).sort()
  }

  /** Names of messages that nobody has taken. */
  async waiting(): Promise<readonly string[]> {
    return (await readdir(this.folder)).filter((name) => /^m0/.test(name))
  }

  async taken(): Promise<readonly string[]> {
    const owners = (await this.inside('taken')).filter((name) => !name.endsWith('.alive'))
    return (await Promise.all(owners.map((owner) => this.inside(join('taken', owner))))).flat()
  }

  /** As somebody does who tidies up. */
  async removeTaken(): Promise<void> {
    const owners = (await this.inside('taken')).filter((name) => !name.endsWith('.alive'))
    for (const owner of owners)
      for (const name of await this.inside(join('taken', owner)))
        await rm(join(this.folder, 'taken', owner, name))
  }

  /** Resolves when nothing is left. */
  async gone(): Promise<void> {
    const left = async () => expect([...(await this.waiting()), ...(await this.taken())]).toEqual([])
    await vi.waitFor(left, 10_000)
  }

  #observer(): PluginFactory<Record<string, never>> {
    return definePlugin({
      name: 'observer',
      parseOptions: noOptions,
      setup: ({ hooks }) => {
        hooks.envelope.checkRecipient.tap(
          'refuse',
          async (_, { forwardPath }) => this.refusals[forwardPath.localPart],
        )
        hooks.delivery.deliver.tap('away', async ({ kind, items }) =>
          kind === 'remote'
            ? items.map(() => ({ kind: 'delivered', text: 'sent away' }) as const)
            : undefined,
        )
        hooks.data.accepted.tap('see', async ({ reversePath, recipients, parameters, session }, message) => {
          this.seen.push({
            sender: reversePath === null ? '' : formatAddress(reversePath),
            recipients: recipients.map(({ forwardPath }) => formatAddress(forwardPath)),
            parameters: { ...parameters },
            role: session.role,
            text: (await readAll(message.content)).toString(),
          })
        })
        return undefined
      },
    })
  }

  #notifier(): PluginFactory<Record<string, never>> {
    return definePlugin({
      name: 'notifier',
      provides: [statusNotifications],
      parseOptions: noOptions,
      setup: ({ provide }) => {
        provide(statusNotifications, {
          compose: async (report) => {
            this.reports.push(report)
            const { reversePath: to } = report
            const content = bufferContent(Buffer.from('Subject: not delivered\r\n\r\nsorry\r\n'))
            return to === null ? [] : [{ to, message: await createMessage(content) }]
          },
        })
        return undefined
      },
    })
  }
}
