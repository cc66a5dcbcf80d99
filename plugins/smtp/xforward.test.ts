import { expect, test } from 'vitest'
import { message, SessionDouble } from '../../test/support/smtp/smtp-session.ts'

const trusting = { xforward: ['192.0.2.1'] }
const transaction = ['MAIL FROM:<>', 'RCPT TO:<jo@b.example>', 'DATA', message]

test('XFORWARD is for the next message alone', async () => {
  const double = new SessionDouble(trusting)
  await double.say(
    'EHLO a',
    'XFORWARD NAME=one.example ADDR=198.51.100.7',
    'XFORWARD HELO=mta.example SOURCE=REMOTE',
  )
  await double.say(...transaction, ...transaction)
  expect(double.records).toEqual(['verdict: forwarded from 198.51.100.7 (one.example), as XFORWARD says'])
})

test('what is not available any more is taken back; mail without an address is local', async () => {
  const double = new SessionDouble(trusting)
  await double.say(
    'EHLO a',
    'XFORWARD ADDR=198.51.100.7 NAME=one.example',
    'XFORWARD ADDR=[UNAVAILABLE] NAME=[Unavailable]',
  )
  await double.say(...transaction)
  expect(double.records).toEqual(['verdict: forwarded from a local submission, as XFORWARD says'])
})

test.each(['RSET', 'EHLO b'])('%s forgets it', async (command) => {
  const double = new SessionDouble(trusting)
  await double.say('EHLO a', 'XFORWARD ADDR=198.51.100.7', command, ...transaction)
  expect(double.records).toEqual([])
})

test('what could be taken for something else is taken out', async () => {
  const double = new SessionDouble(trusting)
  await double.say('EHLO a', 'XFORWARD ADDR=a(b)c NAME=x+22y+40', ...transaction)
  expect(double.records).toEqual(['verdict: forwarded from a?b?c (x?y?), as XFORWARD says'])
})

test('is refused to strangers, in a transaction, before EHLO, and where it is malformed', async () => {
  const stranger = new SessionDouble({})
  expect(await stranger.say('EHLO a', 'XFORWARD ADDR=192.0.2.1')).toEqual(['250', '550 5.7.0'])
  const double = new SessionDouble(trusting)
  expect(await double.say('XFORWARD ADDR=x', 'EHLO a', 'MAIL FROM:<>', 'XFORWARD ADDR=x')).toEqual([
    '503 5.5.1',
    '250',
    '250 2.1.0',
    '503 5.5.1',
  ])
  await double.say('RSET')
  for (const words of [
    '',
    'ADDR',
    'LOGIN=x',
    'PORT=x',
    'SOURCE=THERE',
    `PROTO=${'x'.repeat(65)}`,
    'NAME=a+0Ab',
  ])
    expect(await double.say(`XFORWARD ${words}`)).toEqual(['501 5.5.4'])
})
