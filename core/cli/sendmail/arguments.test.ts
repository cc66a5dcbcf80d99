import { describe, expect, test } from 'vitest'
import { parseArguments, type SendmailArguments } from './arguments.ts'

const nothing = {
  recipientsInHeader: false,
  dotsAreText: false,
  recipients: [],
  envelope: {},
  flush: [],
  warnings: [],
}

function read(...words: string[]): SendmailArguments {
  return parseArguments('sendmail', words)
}

describe('parseArguments', () => {
  test.each<[string, Partial<SendmailArguments>]>([
    ['', {}],
    ['jo anna,bob@x.example', { recipients: ['jo', 'anna,bob@x.example'] }],
    ['-t -i', { recipientsInHeader: true, dotsAreText: true }],
    ['-ti', { recipientsInHeader: true, dotsAreText: true }],
    ['-oi -t', { recipientsInHeader: true, dotsAreText: true }],
    ['-oit', { dotsAreText: true }],
    ['-oitrue -oem', { dotsAreText: true }],
    [
      '-tif jo@x.example anna',
      { recipientsInHeader: true, dotsAreText: true, sender: 'jo@x.example', recipients: ['anna'] },
    ],
    ['-fjo@x.example', { sender: 'jo@x.example' }],
    ['-r jo', { sender: 'jo' }],
    ['-FJo -- -x', { fullName: 'Jo', recipients: ['-x'] }],
    ['- jo', { recipients: ['-', 'jo'] }],
    // POSIX: options stand before the first word that is none.
    ['jo -t', { recipients: ['jo', '-t'] }],
    [
      '-oem -om -o8 -odb -O MaxRecipients=1 -o x -Am -L tag -X /log -h 3 -p smtp -e m -nxcsvGU jo',
      { recipients: ['jo'] },
    ],
    [
      '-B 8bitmime -Nnever -Rhdrs -V id jo',
      {
        envelope: { body: '8BITMIME', notify: ['NEVER'], ret: 'HDRS', envelopeId: 'id' },
        recipients: ['jo'],
      },
    ],
    ['-N delay,success', { envelope: { notify: ['SUCCESS', 'DELAY'] } }],
    ['-bm -bs', { mode: 'smtp' }],
    ['-bp', { mode: 'list-queue' }],
    ['-bi', { mode: 'nothing' }],
    ['-I', { mode: 'nothing' }],
    ['-oI', { mode: 'nothing' }],
    ['-q', { mode: 'flush-queue' }],
    ['-q -v', { mode: 'flush-queue' }],
    ['-q15m', { mode: 'nothing' }],
    ['-qIabc', { mode: 'flush-queue', flush: ['--', 'abc'] }],
    ['-qRexample.org', { mode: 'flush-queue', flush: ['--recipient', '@example.org'] }],
    ['--drop /d --config=/c jo', { dropFolder: '/d', configFile: '/c', recipients: ['jo'] }],
    ['-C /c', { configFile: '/c' }],
    ['--help', { mode: 'help' }],
  ])('%s', (line, expected) => {
    const words = line.split(' ').filter((word) => word !== '')
    expect(read(...words)).toEqual({ mode: 'message', ...nothing, ...expected })
  })

  test('an empty sender is the null reverse-path', () => {
    expect(read('-f', '', 'jo')).toMatchObject({ sender: '', recipients: ['jo'] })
  })

  test.each(['x'.repeat(100), '+= '.repeat(11)])('an envelope id may be as long as %j', (id) => {
    expect(read('-V', id)).toMatchObject({ envelope: { envelopeId: id }, warnings: [] })
  })

  test.each([
    ['-N', 'x'],
    ['-N', 'never,delay'],
    ['-R', 'x'],
    ['-V', 'two\nlines'],
    ['-V', ''],
    ['-V', 'x'.repeat(101)],
    ['-V', ' '.repeat(34)],
    ['-V', '+'.repeat(34)],
    ['-V', '='.repeat(34)],
  ])('%s %j is left out with a warning', (...words) => {
    const { envelope, warnings } = read(...words)
    expect(envelope).toEqual({})
    expect(warnings).toHaveLength(1)
  })

  test.each([
    ['-Z'],
    ['-tZ'],
    ['-f'],
    ['-bz'],
    ['-bd'],
    ['-bv'],
    ['-Bx'],
    ['-qSx'],
    ['-qI'],
    ['--x'],
    ['--drop'],
    ['-bt'],
  ])('%s is wrong use', (...words) => {
    expect(() => read(...words)).toThrowError(expect.objectContaining({ exitCode: 64 }))
  })

  test('the name of a link says what is wanted, and options may say other', () => {
    expect(parseArguments('mailq', []).mode).toBe('list-queue')
    expect(parseArguments('newaliases', []).mode).toBe('nothing')
    expect(parseArguments('mailq', ['-q']).mode).toBe('flush-queue')
  })
})
