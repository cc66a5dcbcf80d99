import type { Clock, Network, Spool } from 'mailwright'
import type { SocketAddress } from 'mailwright/network'
import type { Availability } from './availability.ts'
import type { ChunkSize } from './negotiation.ts'
import type { MilterEntry, MilterRole, MilterTimeouts, WhenUnavailable } from './options.ts'

/** A milter as the config has it. */
export interface MilterSettings extends Pick<MilterEntry, 'socket'> {
  readonly name: string
  readonly address: SocketAddress
  readonly roles: readonly MilterRole[]
  /** Clients whose sessions it does not see. */
  readonly exempt: readonly Network[]
  readonly whenUnavailable: WhenUnavailable
  /** Milliseconds. */
  readonly timeouts: Readonly<Record<keyof MilterTimeouts, number>>
  readonly macros: ReadonlyMap<string, string>
  readonly maxChunk: ChunkSize
  /** Octets. */
  readonly maxBody: number
}

/** A milter as all its sessions share it. */
export interface Milter {
  readonly settings: MilterSettings
  readonly availability: Availability
  readonly clock: Clock
  readonly spool: Spool
  /** This server's name. */
  readonly hostname: string
}

/** For the history: what a milter did, in one line. */
export type Tell = (milter: Milter, verb: 'verdict' | 'fault', text: string) => void
