// What we make of certificates and TLSA records, beside what OpenSSL makes of them.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:tls'
import { afterAll, describe, expect, test } from 'vitest'
import { usableRecords } from '../../plugins/smtp-out/security/dane/records.ts'
import { verifyDane } from '../../plugins/smtp-out/security/dane/verify.ts'
import { type MadeCertificate, OpensslCertificates } from '../support/acme/openssl-certificates.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { runProcess } from '../support/run-process.ts'

const openssl = requirePeer('openssl')

interface Wish {
  readonly usage: number
  readonly selector: number
  readonly type: number
  readonly of: 'leaf' | 'middle' | 'root' | 'stranger'
}

describe.runIf(openssl.available)(openssl.title, () => {
  const made = new OpensslCertificates()
  const servers: Server[] = []
  afterAll(() => {
    for (const server of servers) server.close()
    made.remove()
  })

  const root = made.make({ subject: 'Root', isAuthority: true })
  const middle = made.make({ subject: 'Middle', isAuthority: true, issuer: root })
  const leaf = made.make({ subject: 'mx', names: ['mx.example'], issuer: middle })
  const wild = made.make({ subject: 'mx', names: ['*.example'], issuer: middle })
  const nameless = made.make({ subject: 'mx.example', issuer: middle })
  const client = made.make({ subject: 'mx', names: ['mx.example'], issuer: middle, purpose: 'clientAuth' })
  const false_ = made.make({ subject: 'mx', names: ['mx.example'], issuer: leaf })
  const stranger = made.make({ subject: 'Root', isAuthority: true })
  const alone = made.make({ subject: 'alone' })

  const chains: Readonly<Record<string, readonly MadeCertificate[]>> = {
    whole: [leaf, middle, root],
    'without the root': [leaf, middle],
    'the server only': [leaf],
    'with a wildcard': [wild, middle],
    'without names': [nameless, middle],
    'for clients': [client, middle],
    'by a server': [false_, leaf, middle],
    'by itself': [alone],
    'with a stranger': [leaf, stranger, middle],
  }

  const wishes: readonly (readonly Wish[])[] = [
    ...([2, 3] as const).flatMap((usage) =>
      (['leaf', 'middle', 'root', 'stranger'] as const).flatMap((of) =>
        [0, 1].flatMap((selector) => [0, 1, 2].map((type) => [{ usage, selector, type, of }])),
      ),
    ),
    [
      { usage: 3, selector: 1, type: 1, of: 'stranger' },
      { usage: 2, selector: 0, type: 1, of: 'middle' },
    ],
    [
      { usage: 3, selector: 1, type: 1, of: 'leaf' },
      { usage: 3, selector: 1, type: 2, of: 'stranger' },
    ],
  ]

  function dataOf({ selector, type, of }: Wish, own: MadeCertificate): Buffer {
    const { certificate, der } = { leaf: own, middle, root, stranger }[of]
    const selected = selector === 1 ? certificate.publicKey.export({ type: 'spki', format: 'der' }) : der
    const name = ['', 'sha256', 'sha512'][type] ?? ''
    return name === '' ? selected : createHash(name).update(selected).digest()
  }

  async function serve(chain: readonly MadeCertificate[]): Promise<number> {
    const [own] = chain
    const server = createServer(
      { key: own?.key ?? '', cert: chain.map(({ pem }) => pem).join('') },
      (socket) => {
        socket.on('error', () => undefined).end()
      },
    ).listen(0, '127.0.0.1')
    server.on('tlsClientError', () => undefined)
    servers.push(server)
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  async function verdictOfOpenssl(port: number, records: readonly string[]): Promise<boolean> {
    const { stdout } = await runProcess(
      'openssl',
      [
        ...['s_client', '-connect', `127.0.0.1:${port}`, '-no-CApath', '-no-CAfile', '-no-CAstore'],
        ...['-dane_tlsa_domain', 'mx.example', '-dane_ee_no_namechecks', '-purpose', 'sslserver'],
        ...records.flatMap((record) => ['-dane_tlsa_rrdata', record]),
      ],
      { folder: '/' },
    )
    return /Verify return code: 0 /.test(stdout)
  }

  test.each(Object.entries(chains))('a chain %s', async (_, chain) => {
    const port = await serve(chain)
    const [own = leaf] = chain
    const differences: string[] = []
    for (const wish of wishes) {
      const records = wish.map((each) => ({
        ...{ usage: each.usage, selector: each.selector, matchingType: each.type },
        data: dataOf(each, own),
      }))
      const texts = records.map(
        ({ usage, selector, matchingType, data }) =>
          `${usage} ${selector} ${matchingType} ${data.toString('hex')}`,
      )
      const theirs = await verdictOfOpenssl(port, texts)
      const now = Date.now()
      const ours = verifyDane(
        chain.map(({ der }) => der),
        usableRecords(records),
        ['mx.example'],
        now,
      )
      if (theirs !== (ours === undefined))
        differences.push(`${JSON.stringify(wish)}: OpenSSL ${theirs}, we ${ours?.result ?? 'true'}`)
    }
    expect(differences).toEqual([])
  })
})
