import { UnavailableError } from 'mailwright'
import { formatPacket, type Packet, PacketParts } from './packet.ts'
import { actions, allActions, allProtocolFlags, commands, protocolFlags, versions } from './protocol.ts'

/** What a milter may choose the macros of, in the order of the protocol. */
const macroStages = ['connect', 'hello', 'mail', 'recipient', 'data', 'endOfMessage', 'endOfHeader'] as const

export type MacroStage = (typeof macroStages)[number]

/** Names of macros for a stage, without braces. */
export type MacroChoice = ReadonlyMap<MacroStage, readonly string[]>

/** The largest chunk of a body: what every milter takes, or more where it agrees. */
export type ChunkSize = '64K' | '256K' | '1M'

const chunkOctets: Readonly<Record<ChunkSize, number>> = { '64K': 65_535, '256K': 262_143, '1M': 1_048_575 }
const mostMacros = 200

/** What both sides agreed on. */
export interface Agreement {
  /** The version that the milter speaks. */
  readonly version: number
  /** What it may change. */
  readonly actions: number
  /** What it wants, and how. */
  readonly flags: number
  /** Octets that a command may have. */
  readonly longestCommand: number
  readonly macros: MacroChoice
}

/** What we offer. */
export function offer(chunk: ChunkSize): Buffer {
  const numbers = Buffer.alloc(12)
  numbers.writeUInt32BE(versions.ours, 0)
  numbers.writeUInt32BE(allActions, 4)
  numbers.writeUInt32BE((allProtocolFlags | sizeFlags(chunk)) >>> 0, 8)
  return formatPacket(commands.negotiate, numbers)
}

/** What the milter made of the offer. MAIL_E_UNAVAILABLE where it cannot be kept. */
export function readAgreement(packet: Packet, chunk: ChunkSize): Agreement {
  if (packet.code !== commands.negotiate)
    throw new UnavailableError(`it answered the offer with ${JSON.stringify(packet.code)}`)
  const parts = new PacketParts(packet)
  const [version, wanted, flags] = [parts.number(), parts.number(), parts.number()]
  if (version < versions.oldest || version > versions.ours)
    throw new UnavailableError(`it speaks version ${version} of the protocol`)
  if ((wanted & ~allActions) !== 0) throw new UnavailableError('it wants to change what nobody offered')
  const macros = new Map<MacroStage, readonly string[]>()
  if ((wanted & actions.chooseMacros) !== 0)
    while (!parts.isEmpty) {
      const [stage, names] = readMacroChoice(parts)
      if (stage !== undefined) macros.set(stage, names)
    }
  // Nothing counts that was not offered.
  const agreed = flags & (allProtocolFlags | sizeFlags(chunk))
  return { version, actions: wanted, flags: agreed, longestCommand: longestCommand(agreed), macros }
}

/** A stage, and the names of the macros that the milter wants there. */
export function readMacroChoice(
  parts: PacketParts,
): readonly [stage: MacroStage | undefined, names: readonly string[]] {
  const stage = macroStages[parts.number()]
  const names = parts.text().split(/[\s,]+/, mostMacros)
  return [stage, names.map(bareName).filter((name) => name !== '')]
}

/** The name of a macro without braces. */
export function bareName(name: string): string {
  return name.replace(/^\{(.*)\}$/, '$1')
}

function sizeFlags(chunk: ChunkSize): number {
  const { upTo256KiB, upTo1MiB } = protocolFlags
  return chunk === '1M' ? upTo1MiB | upTo256KiB : chunk === '256K' ? upTo256KiB : 0
}

function longestCommand(flags: number): number {
  if ((flags & protocolFlags.upTo1MiB) !== 0) return chunkOctets['1M']
  return (flags & protocolFlags.upTo256KiB) !== 0 ? chunkOctets['256K'] : chunkOctets['64K']
}
