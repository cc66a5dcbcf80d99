// Mail to hosts that DANE is about, with a DNS that is signed, and validated by unbound.
import { createHash, X509Certificate } from 'node:crypto'
import { systemClock } from 'mailwright'
import smtpOut, { type SmtpOutInput } from 'mailwright/plugins/smtp-out'
import { addressOf, createTestHost, type TestHost } from 'mailwright/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createResolver } from '../../core/resolver.ts'
import { createTestAuthority } from '../support/acme/acme-ca.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { startUnbound, type Unbound } from '../support/peers/unbound.ts'
import { type SmtpHost, startSmtpHost } from '../support/smtp/smtp-host.ts'
import { messageOf, told } from '../support/smtp/smtp-sending.ts'

const unbound = requirePeer('unbound')
const signer = requirePeer('dnssec-signzone')
const isThere = unbound.available && signer.available

describe.runIf(isThere)(isThere ? 'DANE with unbound' : 'DANE with unbound (left out)', () => {
  let host: SmtpHost
  let inClear: SmtpHost
  let dns: Unbound
  const hosts: TestHost[] = []

  beforeAll(async () => {
    const authority = await createTestAuthority()
    const keys = await authority.serverKeys('whoever.example')
    host = await startSmtpHost({ keys })
    inClear = await startSmtpHost({})
    const { publicKey } = new X509Certificate(keys.cert)
    const spki = publicKey.export({ type: 'spki', format: 'der' })
    const digest = createHash('sha256').update(spki).digest('hex')
    const [good, bad] = [`TLSA 3 1 1 ${digest}`, `TLSA 3 1 1 ${'00'.repeat(32)}`]
    const at = (name: string) => `_${host.port}._tcp.${name}`
    const records = `@ MX 10 mx
mx A 127.0.0.1
${at('mx')} ${good}
wrong MX 10 mx.wrong
mx.wrong A 127.0.0.1
${at('mx.wrong')} ${bad}
two MX 10 mx.two
mx.two A 127.0.0.1
${at('mx.two')} ${bad}
${at('mx.two')} ${good}
unusable MX 10 mx.unusable
mx.unusable A 127.0.0.1
${at('mx.unusable')} TLSA 1 1 1 ${digest}
none MX 10 mx.none
mx.none A 127.0.0.1
alias MX 10 mx.alias
mx.alias CNAME mx
outside MX 10 mx.outside
mx.outside CNAME mx.none.plain.example.
${at('mx.outside')} ${good}
implicit A 127.0.0.1
${at('implicit')} ${bad}
clear MX 10 mx.clear
mx.clear A 127.0.0.1
_${inClear.port}._tcp.mx.clear ${good}
strange MX 10 mx.strange
mx.strange A 127.0.0.1
_${inClear.port}._tcp.mx.strange TLSA 1 1 1 ${digest}`
    dns = await startUnbound([
      { name: 'signed.example', records, dnssec: 'signed' },
      { name: 'plain.example', records: records.replaceAll(good, bad) },
      { name: 'bogus.example', records, dnssec: 'bogus' },
      { name: 'elsewhere.example', records: '@ MX 10 mx.bogus.example.', dnssec: 'signed' },
    ])
  })
  afterEach(async () => {
    for (const each of hosts.splice(0)) await each.stop()
  })
  afterAll(async () => {
    await host[Symbol.asyncDispose]()
    await inClear[Symbol.asyncDispose]()
    await dns[Symbol.asyncDispose]()
  })

  async function send(
    domain: string,
    options: SmtpOutInput = {},
    trustAuthenticated?: boolean,
  ): Promise<string> {
    const resolver = createResolver(systemClock, { servers: [`127.0.0.1:${dns.port}`], trustAuthenticated })
    const sender = await createTestHost({
      hostname: 'mx.here.example',
      resolver,
      plugins: [smtpOut({ addresses: 'ipv4', port: host.port, ...options })],
    })
    hosts.push(sender)
    const to = addressOf(`jo@${domain}`)
    const [outcome] = await sender.flow.delivery.attempt({
      id: 'q1',
      reversePath: addressOf('a@here.example'),
      atomic: false,
      signal: new AbortController().signal,
      items: [
        {
          recipient: to,
          route: { kind: 'remote', address: to },
          message: await messageOf('Subject: x\n\nx\n'),
        },
      ],
    })
    return told(outcome)
  }

  const verified = /^delivered .* verified \(dane\)$/
  const unverified = /^delivered .* unverified$/

  test.each([
    ['signed.example', verified],
    ['two.signed.example', verified],
    ['alias.signed.example', verified],
    ['outside.signed.example', verified],
    ['unusable.signed.example', unverified],
    ['none.signed.example', unverified],
    ['implicit.signed.example', /^deferred 451 4\.7\.5 /],
    ['plain.example', unverified],
    ['implicit.plain.example', unverified],
    ['wrong.signed.example', /^deferred 451 4\.7\.5 .*no TLSA record is about the certificate/],
    ['bogus.example', /^deferred 451 4\.4\.3 /],
    ['elsewhere.example', /^deferred 451 4\.4\.3 /],
  ])('%s: %s', async (domain, outcome) => {
    expect(await send(domain)).toMatch(outcome)
  })

  test('a host with records, usable or not, and without TLS has to wait', async () => {
    const options = { port: inClear.port }
    expect(await send('clear.signed.example', options)).toMatch(/^deferred 451 4\.7\.4 /)
    expect(await send('strange.signed.example', options)).toMatch(/^deferred 451 4\.7\.4 /)
    expect(inClear.said.some((line) => line.startsWith('MAIL'))).toBe(false)
  })

  test('nothing is demanded where the resolver is not believed, or the option is off', async () => {
    expect(await send('wrong.signed.example', {}, false)).toMatch(unverified)
    expect(await send('wrong.signed.example', { dane: false })).toMatch(unverified)
  })
})
