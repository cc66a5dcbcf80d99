import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type Answer, decode, encode } from 'dns-packet'

/** What a name has; a question that nothing is known of is answered with that the name does not exist. */
export type Zone = (name: string) => NamedRecords | undefined

/** The records of one name. */
export interface NamedRecords {
  /** The only mail host. */
  readonly mx?: string
  readonly a?: string
  /** Nobody answers questions about it. */
  readonly silent?: boolean
}

/** A DNS server for tests that needs no zone files: names may be many. */
export interface DnsServer extends AsyncDisposable {
  /** `127.0.0.1:port`, as the config has it. */
  readonly server: string
}

/** Starts one on 127.0.0.1, over UDP. */
export async function startDnsServer(zone: Zone): Promise<DnsServer> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4_194_304 })
  socket.on('message', (packet, from) => {
    const response = answerTo(packet, zone)
    if (response !== undefined) socket.send(response, from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    server: `127.0.0.1:${socket.address().port}`,
    [Symbol.asyncDispose]: () => closed(socket),
  }
}

async function closed(socket: Socket): Promise<void> {
  socket.close()
  await once(socket, 'close')
}

function answerTo(packet: Buffer, zone: Zone): Buffer | undefined {
  const { id = 0, questions = [] } = decode(packet)
  const [question] = questions
  if (question === undefined) return undefined
  const name = question.name.toLowerCase()
  const found = zone(name)
  if (found?.silent === true) return undefined
  const missing = 3
  return encode({
    id,
    type: 'response',
    questions,
    answers: found === undefined ? [] : recordsOf(name, question.type, found),
    // RFC 2308 §5: how long an absence may be kept.
    authorities: [{ type: 'SOA', name: 'example', ttl: 300, data: startOfAuthority }],
    flags: found === undefined ? missing : 0,
  })
}

function recordsOf(name: string, type: string, { mx, a }: NamedRecords): Answer[] {
  const ttl = 300
  if (type === 'MX' && mx !== undefined) return [{ type, name, ttl, data: { preference: 10, exchange: mx } }]
  return type === 'A' && a !== undefined ? [{ type, name, ttl, data: a }] : []
}

const startOfAuthority = {
  mname: 'ns.example',
  rname: 'hostmaster.example',
  serial: 1,
  refresh: 3_600,
  retry: 900,
  expire: 604_800,
  minimum: 300,
}
