import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import type { TlsaRecord } from 'mailwright'
import { afterAll, describe, expect, test } from 'vitest'
import {
  type MadeCertificate,
  OpensslCertificates,
} from '../../../../test/support/acme/openssl-certificates.ts'
import { requirePeer } from '../../../../test/support/peers/peers.ts'
import { peerChain } from './peer-chain.ts'
import { matches, usableRecords } from './records.ts'
import { subjectPublicKeyInfo } from './spki.ts'
import { verifyDane } from './verify.ts'

const openssl = requirePeer('openssl')
const day = 86_400_000
// Certificates are made after this, and are valid from then on.
const now = Date.now() + 600_000

function record(
  usage: number,
  selector: number,
  matchingType: number,
  { certificate, der }: MadeCertificate,
): TlsaRecord {
  const selected = selector === 1 ? certificate.publicKey.export({ type: 'spki', format: 'der' }) : der
  const digest = ['', 'sha256', 'sha512'][matchingType] ?? ''
  const data = digest === '' ? selected : createHash(digest).update(selected).digest()
  return { usage, selector, matchingType, data }
}

describe.runIf(openssl.available)(openssl.title, () => {
  const made = new OpensslCertificates()
  afterAll(() => made.remove())
  const root = made.make({ subject: 'Root', isAuthority: true, days: 100 })
  const middle = made.make({ subject: 'Middle', isAuthority: true, issuer: root })
  const leaf = made.make({ subject: 'mx', names: ['mx.example', '*.wild.example'], issuer: middle })
  const alone = made.make({ subject: 'whoever', days: 1 })
  const other = made.make({ subject: 'Root', isAuthority: true })
  const chain = [leaf.der, middle.der, root.der]
  const names = ['mx.example']
  const resultOf = (...given: Parameters<typeof verifyDane>) => verifyDane(...given)?.result

  describe('DANE-EE', () => {
    test.each([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
    ])(
      'selector %i, matching type %i: the certificate itself, whatever its names and times',
      (selector, type) => {
        const own = record(3, selector, type, alone)
        expect(verifyDane([alone.der], [own], ['mx.example'], now + 100 * day)).toBeUndefined()
        expect(resultOf([leaf.der], [own], names, now)).toBe('validation-failure')
      },
    )

    test('an authority in the chain does not count', () => {
      expect(resultOf(chain, [record(3, 1, 1, middle)], names, now)).toBe('validation-failure')
    })

    test('one of several records is enough', () => {
      const records = [record(3, 1, 1, other), record(2, 0, 1, other), record(3, 1, 1, leaf)]
      expect(verifyDane(chain, records, [], now)).toBeUndefined()
    })

    test.each(['rsa', 'rsa-pss', 'ed25519'] as const)('keys of the kind %s', (kind) => {
      const one = made.make({ subject: 'one', kind })
      expect(verifyDane([one.der], [record(3, 1, 1, one)], [], now)).toBeUndefined()
      expect(subjectPublicKeyInfo(one.der)).toEqual(
        one.certificate.publicKey.export({ type: 'spki', format: 'der' }),
      )
    })
  })

  describe('DANE-TA', () => {
    test.each([
      ['root', root, 0, 0],
      ['root', root, 0, 1],
      ['root', root, 1, 2],
      ['one in between', middle, 0, 1],
      ['one in between', middle, 1, 1],
    ])('leads to the %s', (_, anchor, selector, type) => {
      const records = [record(2, selector, type, anchor)]
      expect(verifyDane(chain, records, names, now)).toBeUndefined()
      expect(verifyDane([leaf.der, root.der, middle.der], records, names, now)).toBeUndefined()
    })

    test('an anchor that the record holds need not be sent', () => {
      expect(verifyDane([leaf.der, middle.der], [record(2, 0, 0, root)], names, now)).toBeUndefined()
      expect(verifyDane([leaf.der, middle.der], [record(2, 1, 0, root)], names, now)).toBeUndefined()
      expect(verifyDane([leaf.der], [record(2, 1, 0, middle)], names, now)).toBeUndefined()
      expect(resultOf([leaf.der, middle.der], [record(2, 0, 1, root)], names, now)).toBe(
        'certificate-not-trusted',
      )
    })

    test('the server itself is no anchor', () => {
      expect(resultOf([leaf.der], [record(2, 0, 1, leaf)], names, now)).toBe('certificate-not-trusted')
    })

    test('a certificate that is merely sent along proves nothing', () => {
      const strange = made.make({ subject: 'mx', names, issuer: other })
      expect(resultOf([strange.der, middle.der, root.der], [record(2, 0, 1, root)], names, now)).toBe(
        'certificate-not-trusted',
      )
    })

    test('who is no authority cannot sign', () => {
      const false_ = made.make({ subject: 'mx', names, issuer: leaf })
      expect(resultOf([false_.der, ...chain], [record(2, 0, 1, root)], names, now)).toBe(
        'certificate-not-trusted',
      )
    })

    test('everything on the way has to be valid now', () => {
      const records = [record(2, 0, 1, root)]
      expect(resultOf(chain, records, names, now + 31 * day)).toBe('certificate-expired')
      expect(resultOf(chain, records, names, now - day)).toBe('certificate-expired')
      const long = made.make({ subject: 'mx', names, issuer: root, days: 300 })
      expect(resultOf([long.der, root.der], records, names, now + 101 * day)).toBe('certificate-expired')
    })

    test.each([
      [['mx.example'], true],
      [['a.example', 'MX.Example'], true],
      [['x.wild.example'], true],
      [['wild.example'], false],
      [['a.x.wild.example'], false],
      [['example'], false],
      [[], false],
    ])('for one of the names: %j is %s', (given, isGood) => {
      const result = resultOf(chain, [record(2, 0, 1, root)], given, now)
      expect(result).toBe(isGood ? undefined : 'certificate-host-mismatch')
    })

    test('meant for servers', () => {
      const of = (purpose: string) => made.make({ subject: 'mx', names, issuer: root, purpose })
      const records = [record(2, 0, 1, root)]
      expect(verifyDane([of('serverAuth').der, root.der], records, names, now)).toBeUndefined()
      expect(resultOf([of('clientAuth').der, root.der], records, names, now)).toBe('certificate-not-trusted')
    })
  })

  test('what is no certificate fails', () => {
    const nonsense = [
      Buffer.alloc(0),
      Buffer.from('3003', 'hex'),
      leaf.der.subarray(0, 100),
      Buffer.alloc(2000, 0x30),
    ]
    expect(resultOf([], [record(3, 1, 1, leaf)], names, now)).toBe('validation-failure')
    for (const der of nonsense) {
      expect(resultOf([der], [record(3, 1, 1, leaf)], names, now)).toBe('validation-failure')
      expect(resultOf([der, middle.der], [record(2, 1, 1, middle)], names, now)).toBe('validation-failure')
      expect(matches(record(3, 1, 1, leaf), der)).toBe(false)
      expect(verifyDane([leaf.der, der, middle.der], [record(2, 1, 1, middle)], names, now)).toBeUndefined()
    }
    for (let end = 0; end < leaf.der.length; end++)
      expect(subjectPublicKeyInfo(leaf.der.subarray(0, end))).toBeUndefined()
  })

  test('usable are records of usages 2 and 3 with data that fit', () => {
    const good = [record(3, 1, 1, leaf), record(2, 0, 1, root), record(2, 1, 0, root), record(3, 0, 0, leaf)]
    const short = Buffer.alloc(31)
    const bad = [
      record(0, 0, 1, root),
      record(1, 1, 1, leaf),
      record(255, 1, 1, leaf),
      record(3, 2, 1, leaf),
      { ...record(3, 1, 1, leaf), matchingType: 3 },
      { ...record(3, 1, 1, leaf), data: short },
      { ...record(3, 1, 2, leaf), data: short },
      { usage: 3, selector: 0, matchingType: 0, data: short },
      { usage: 2, selector: 1, matchingType: 0, data: Buffer.alloc(0) },
    ]
    expect(usableRecords([...bad, ...good])).toEqual(good)
    expect(usableRecords([])).toEqual([])
  })

  test('of digests the strongest counts, for each usage and selector', () => {
    const weak = [record(3, 1, 1, other), record(2, 0, 1, root)]
    const strong = record(3, 1, 2, leaf)
    expect(usableRecords([...weak, strong])).toEqual([weak[1], strong])
  })

  test('the chain of a real connection', async () => {
    const server = createServer({ key: leaf.key, cert: leaf.pem + middle.pem }, (socket) => socket.end())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const socket = connect({ host: '127.0.0.1', port, servername: 'mx.example', rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const sent = peerChain(socket)
    expect(sent).toEqual([leaf.der, middle.der])
    expect(verifyDane(sent, [record(2, 1, 1, middle)], names, now)).toBeUndefined()
    socket.destroy()
    server.close()
  })
})
