import { describe, expect, it } from 'vitest'
import { type BaseSubject, baseSubject } from './base-subject.ts'

describe('baseSubject', () => {
  it.each([
    ['plain', 'plain', false],
    ['', '', false],
    ['   ', '', false],
    ['Re: plain', 'plain', true],
    ['RE:plain', 'plain', true],
    ['re  :plain', 'plain', true],
    ['Fw: a', 'a', true],
    ['FWD: a', 'a', true],
    ['fwx: a', 'fwx: a', false],
    ['Res: a', 'Res: a', false],
    ['Re', 'Re', false],
    ['Re:', '', true],
    ['Re: Fwd: re: a', 'a', true],
    ['a (fwd)', 'a', true],
    ['a (FWD) (fwd)  ', 'a', true],
    ['a(fwd)', 'a', true],
    ['(fwd)', '', true],
    ['[list] a', 'a', false],
    ['[list]', '[list]', false],
    ['[list] [other]', '[other]', false],
    ['[a] [b] c', 'c', false],
    ['[a][b]', '[b]', false],
    ['[list] Re: a', 'a', true],
    ['[x][y]re[z]: a', 'a', true],
    ['Re [2]: a', 'a', true],
    ['Re[2] : a', 'a', true],
    ['Re[2]  : a', 'a', true],
    ['Re[2: a', 'Re[2: a', false],
    ['Re: [list] Re: [list] a', 'a', true],
    ['[fwd: a]', 'a', true],
    ['[Fwd: [fwd: Re: a (fwd)]]', 'a', true],
    ['[fwd: a] b', 'b', false],
    ['[fwd:]', '', true],
    ['[fwd:', '[fwd:', false],
    ['[unclosed a', '[unclosed a', false],
    ['[a[b] c', '[a[b] c', false],
    ['a]', 'a]', false],
    ['[a] (fwd)', '[a]', true],
    ['Re: [a]', '[a]', true],
    ['[Größe] Straße', 'Straße', false],
    ['Re: \t two   words ', 'two words', true],
    ['a\r\n b', 'a b', false],
    ['Antwort: a', 'Antwort: a', false],
  ])('finds in %j the base %j', (subject, text, isReplyOrForward) => {
    expect(baseSubject(subject)).toEqual({ text, isReplyOrForward })
  })

  it('is what the steps of the RFC make of any text', () => {
    const pieces = [
      're',
      'fw',
      'd',
      ':',
      ' ',
      '[',
      ']',
      '(fwd)',
      '[fwd:',
      'x',
      'Re:',
      '[l]',
      '  ',
      'RE ',
      '\t',
    ]
    let state = 1
    for (let round = 0; round < 30_000; round += 1) {
      let subject = ''
      for (let count = 0; count < 1 + (round % 9); count += 1) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        subject += pieces[(state >>> 16) % pieces.length]
      }
      const [ours, theirs] = [baseSubject(subject), bySteps(subject)]
      if (JSON.stringify(ours) !== JSON.stringify(theirs)) expect([subject, ours]).toEqual([subject, theirs])
    }
  })

  it.each(['[a] ', '[a]', 'Re: ', '(fwd)', '[fwd:', '[fwd: [', '[', ']', 're[', ' ', 're ', '[re: '])(
    'takes linear time for a flood of %j',
    (piece) => {
      const { text } = baseSubject(piece.repeat(200_000))
      expect(text.length).toBeLessThanOrEqual(piece.length * 200_000)
      expect(
        baseSubject(`${'[fwd:'.repeat(100_000)}${piece.repeat(100)}${']'.repeat(100_000)}`).isReplyOrForward,
      ).toBe(true)
    },
  )
})

/** RFC 5256 §2.1 step by step, as it is written there. */
function bySteps(subject: string): BaseSubject {
  let text = subject.replace(/[\t\r\n]/g, ' ').replace(/ +/g, ' ')
  let isReplyOrForward = false
  for (;;) {
    for (let match = /(?:\(fwd\)| )$/i.exec(text); match !== null; match = /(?:\(fwd\)| )$/i.exec(text)) {
      if (match[0] !== ' ') isReplyOrForward = true
      text = text.slice(0, match.index)
    }
    for (let isChanged = true; isChanged; ) {
      isChanged = false
      const leader = /^(?:(?:\[[^[\]]*\] *)*(re|fwd?) *(?:\[[^[\]]*\] *)?:| )/i.exec(text)
      if (leader !== null) {
        if (leader[1] !== undefined) isReplyOrForward = true
        text = text.slice(leader[0].length)
        isChanged = true
      }
      const blob = /^\[[^[\]]*\] */.exec(text)
      if (blob !== null && blob[0].length < text.length) {
        text = text.slice(blob[0].length)
        isChanged = true
      }
    }
    const forward = /^\[fwd:(.*)\]$/is.exec(text)
    if (forward === null) return { text, isReplyOrForward }
    isReplyOrForward = true
    text = forward[1] ?? ''
  }
}
