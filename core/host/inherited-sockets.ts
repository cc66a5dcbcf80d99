import { readFileSync, readlinkSync } from 'node:fs'
import { SocketAddress } from 'node:net'
import { endianness } from 'node:os'
import type { ListenOptions } from '../plugin.ts'
import { isWorker } from '../workers/worker.ts'

const firstDescriptor = 3
const mostDescriptors = 1_000
const anywhere: readonly (string | undefined)[] = ['0.0.0.0', '::']

interface InheritedSocket {
  readonly descriptor: number
  /** `FileDescriptorName=` of the unit. */
  readonly name: string
  /** Undefined where the system does not tell. */
  readonly place: SocketPlace | undefined
}

interface SocketPlace {
  readonly host?: string
  readonly port?: number
  readonly path?: string
}

/** Sockets that a service manager has opened and handed over (sd_listen_fds(3)). */
export class InheritedSockets {
  readonly #left: InheritedSocket[]

  /** Takes what the environment says out of it, so that no child takes it for its own. */
  constructor(environment: NodeJS.ProcessEnv) {
    this.#left = [...readSockets(environment)]
    for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete environment[name]
  }

  /**
   * The descriptor of the socket for a listener, handed out once: the one with the name of the plugin instance, else one in
   * its place. Undefined where there is none.
   */
  claim(plugin: string, options: ListenOptions): number | undefined {
    const byName = this.#left.findIndex(({ name, place }) => name === plugin && isKind(place, options))
    const byPlace = this.#left.findIndex(({ place }) => place !== undefined && isPlace(place, options))
    const index = byName < 0 ? byPlace : byName
    return index < 0 ? undefined : this.#left.splice(index, 1)[0]?.descriptor
  }

  /** What nobody has asked for, for people: clients would wait there for ever. */
  get unclaimed(): readonly string[] {
    return this.#left.map(({ name, place }) => {
      const where =
        place?.path ?? (place?.host === undefined ? 'somewhere' : `${place.host} port ${place.port}`)
      return `${where} (${name || 'without a name'})`
    })
  }
}

function readSockets(environment: NodeJS.ProcessEnv): readonly InheritedSocket[] {
  const { LISTEN_PID, LISTEN_FDS = '', LISTEN_FDNAMES = '' } = environment
  // Workers use the sockets of the process that keeps them, by its numbers.
  const holder = isWorker ? process.ppid : process.pid
  const count = Number(LISTEN_FDS)
  if (LISTEN_PID !== String(holder) || !Number.isInteger(count) || count > mostDescriptors) return []
  const names = LISTEN_FDNAMES.split(':')
  const places = listeningPlaces()
  return Array.from({ length: count }, (_, index) => {
    const descriptor = firstDescriptor + index
    return { descriptor, name: names[index] ?? '', place: places.get(inodeOf(holder, descriptor)) }
  })
}

function isKind(place: SocketPlace | undefined, options: ListenOptions): boolean {
  return place === undefined || (place.path === undefined) === (options.path === undefined)
}

/** A socket for all addresses of IPv6 is one for those of IPv4 too, where it was not made otherwise. */
function isPlace(place: SocketPlace, options: ListenOptions): boolean {
  if (options.path !== undefined) return place.path === options.path
  if (place.port !== options.port) return false
  const bothAnywhere = anywhere.includes(place.host) && anywhere.includes(canonical(options.host))
  return place.host === canonical(options.host) || bothAnywhere
}

function canonical(address: string): string {
  return new SocketAddress({ address, family: address.includes(':') ? 'ipv6' : 'ipv4' }).address
}

function inodeOf(pid: number, descriptor: number): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1] ?? ''
  } catch {
    return ''
  }
}

/** Where the machine's sockets are, by their inodes. Node.js cannot tell it of a socket without listening at it. */
function listeningPlaces(): ReadonlyMap<string, SocketPlace> {
  const places = new Map<string, SocketPlace>()
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6'])
    for (const [, local = '', , , , , , , , inode = ''] of rows(file)) {
      const [address = '', port = ''] = local.split(':')
      places.set(inode, { host: addressOf(address), port: Number.parseInt(port, 16) })
    }
  for (const [, , , , , , inode = '', path] of rows('/proc/net/unix'))
    if (path !== undefined) places.set(inode, { path })
  places.delete('')
  return places
}

function rows(file: string): readonly (readonly string[])[] {
  try {
    const lines = readFileSync(file, 'latin1').split('\n').slice(1)
    return lines.map((line) => line.trim().split(/ +/)).filter((words) => words.length > 6)
  } catch {
    return []
  }
}

/** The kernel prints words of 32 bits as numbers of the machine. */
function addressOf(hex: string): string {
  const octets = Buffer.from(hex, 'hex')
  if (endianness() === 'LE') octets.swap32()
  if (octets.length === 4) return octets.join('.')
  return canonical(octets.toString('hex').match(/.{4}/g)?.join(':') ?? '::')
}
