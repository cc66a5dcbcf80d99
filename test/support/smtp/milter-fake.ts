import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

/** One packet that a milter got. */
export interface MilterCommand {
  readonly code: string
  readonly data: Buffer
}

/** What a fake milter sends for a command: packets, or octets of any kind, or it ends the connection. */
export type MilterAnswer = Buffer | 'close' | 'nothing'

export interface FakeMilterOptions {
  /** Where it listens; a port of its own where absent. */
  readonly port?: number
  /** The answer to the offer: version, actions, flags. Version 6, everything may be changed, everything is wanted. */
  readonly version?: number
  readonly actions?: number
  readonly flags?: number
  /** What follows the three numbers. */
  readonly macros?: Buffer
  /** Answers to commands by their codes: the n-th to the n-th command of that code, the last to all that follow. */
  readonly answers?: Readonly<Record<string, MilterAnswer | readonly MilterAnswer[] | (() => MilterAnswer)>>
  /** Cuts what it sends into pieces of so many octets; undefined: not at all. */
  readonly pieces?: () => number
}

/** A milter that does what a test says. */
export interface FakeMilter {
  /** For the option `socket`. */
  readonly socket: string
  /** All commands so far, of all sessions, in the order in which they came. */
  readonly commands: readonly MilterCommand[]
  /** How many connections there were. */
  readonly connections: number
  /** How many there are. */
  readonly open: number
  /** The codes of the commands without macros, in one text. */
  readonly codes: string
  /** Resolves when `isSo` holds after a command or the end of a connection. */
  until(isSo: () => boolean): Promise<void>
  stop(): Promise<void>
}

/** Octets of a packet. */
export function milterPacket(code: string, ...parts: readonly (string | Buffer | number)[]): Buffer {
  const octets = parts.map((part) => {
    if (typeof part === 'number') return uint32(part)
    return typeof part === 'string' ? Buffer.from(`${part}\0`) : part
  })
  const body = Buffer.concat([Buffer.from(code, 'latin1'), ...octets])
  return Buffer.concat([uint32(body.length), body])
}

/** The macros that came with a command, by their names. */
export function macrosOf({ data }: MilterCommand): Readonly<Record<string, string>> {
  const words = data.subarray(1).toString().split('\0').slice(0, -1)
  return Object.fromEntries(words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] ?? '']] : [])))
}

/** What came with all commands of a code, one character an octet, NUL as `|`. */
export function textsOf({ commands }: FakeMilter, code: string): readonly string[] {
  const wanted = commands.filter((command) => command.code === code)
  return wanted.map(({ data }) => data.toString('latin1').replaceAll('\0', '|'))
}

/** What libmilter sends for one decision, and what it does not answer. */
const silentCommands = new Set(['D', 'A', 'Q'])

export async function startFakeMilter(options: FakeMilterOptions = {}): Promise<FakeMilter> {
  const commands: MilterCommand[] = []
  const sockets = new Set<Socket>()
  const watchers = new Set<() => void>()
  const state = { connections: 0 }
  const tell = (): void => {
    for (const watch of watchers) watch()
  }
  const server = createServer((socket) => {
    state.connections += 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      tell()
    })
    serve(socket, options, (command) => {
      commands.push(command)
      tell()
    })
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  return {
    socket: `inet:${portOf(server)}@127.0.0.1`,
    commands,
    get connections() {
      return state.connections
    },
    get open() {
      return sockets.size
    },
    get codes() {
      return commands.map(({ code }) => (code === 'D' ? '' : code)).join('')
    },
    until: (isSo) =>
      new Promise((resolve) => {
        const watch = (): void => {
          if (!isSo()) return
          watchers.delete(watch)
          resolve()
        }
        watchers.add(watch)
        watch()
      }),
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function serve(socket: Socket, options: FakeMilterOptions, seen: (command: MilterCommand) => void): void {
  let held = Buffer.alloc(0)
  const counts = new Map<string, number>()
  socket.on('data', (piece: Buffer) => {
    held = Buffer.concat([held, piece])
    while (held.length >= 4 && held.length >= 4 + held.readUInt32BE()) {
      const end = 4 + held.readUInt32BE()
      const command = { code: held.toString('latin1', 4, 5), data: held.subarray(5, end) }
      held = held.subarray(end)
      seen(command)
      const count = counts.get(command.code) ?? 0
      counts.set(command.code, count + 1)
      answer(socket, options, command.code, count)
    }
  })
}

function answer(socket: Socket, options: FakeMilterOptions, code: string, count: number): void {
  const given = options.answers?.[code] ?? usualAnswer(code, options)
  const scripted = [typeof given === 'function' ? given() : given].flat()
  const chosen = scripted[Math.min(count, scripted.length - 1)] ?? 'nothing'
  if (chosen === 'close') socket.destroy()
  else if (chosen !== 'nothing') write(socket, chosen, options.pieces)
}

function usualAnswer(code: string, options: FakeMilterOptions): MilterAnswer {
  const { version = 6, actions = 0x1ff, flags = 0, macros = Buffer.alloc(0) } = options
  if (code === 'O') return milterPacket('O', version, actions, flags, macros)
  if (code === 'Q') return 'close'
  return silentCommands.has(code) ? 'nothing' : milterPacket('c')
}

function write(socket: Socket, octets: Buffer, pieces: (() => number) | undefined): void {
  if (pieces === undefined) {
    socket.write(octets)
    return
  }
  let at = 0
  const next = (): void => {
    if (at >= octets.length || socket.destroyed) return
    const end = Math.min(octets.length, at + Math.max(1, pieces()))
    socket.write(octets.subarray(at, end))
    at = end
    setImmediate(next)
  }
  next()
}

function uint32(value: number): Buffer {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value >>> 0)
  return octets
}
