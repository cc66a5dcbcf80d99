import { createHash, timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'
import { type Network, networksInclude, parseNetwork } from 'mailwright'
import { socketEndpoints } from 'mailwright/network'
import type { MetricsOptions } from './options.ts'

const loopback: readonly Network[] = ['127.0.0.0/8', '::1'].flatMap((text) => parseNetwork(text) ?? [])

/** Who may ask. */
export class Access {
  readonly #networks: readonly Network[]
  readonly #isSocketFile: boolean
  readonly #token: Buffer | undefined

  constructor({ networks, token, path }: Pick<MetricsOptions, 'networks' | 'token' | 'path'>) {
    this.#networks = networks
    this.#isSocketFile = path !== undefined
    this.#token = token === undefined ? undefined : digest(token)
  }

  /** Whether a client is where one may ask from: on this machine, or in one of the networks. */
  isNear(socket: Socket): boolean {
    if (this.#isSocketFile) return true
    const { local, remote } = socketEndpoints(socket)
    if (remote.address === local.address || networksInclude(loopback, remote.address)) return true
    return networksInclude(this.#networks, remote.address)
  }

  /** Whether an `Authorization` field has the token (RFC 6750 §2.1), where one is wanted. Takes the same time for every wrong one. */
  knows(authorization: string | undefined): boolean {
    if (this.#token === undefined) return true
    const [, given = ''] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? []
    return timingSafeEqual(digest(given), this.#token)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
