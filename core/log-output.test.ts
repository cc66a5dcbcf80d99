import { describe, expect, test } from 'vitest'
import { LogOutput } from './log-output.ts'

/** A descriptor with room for so many octets; without any it fails. */
class Descriptor {
  text = ''
  room = Number.POSITIVE_INFINITY
  code = 'ENOSPC'
  attempts = 0

  readonly write = (_descriptor: number, octets: Uint8Array): number => {
    this.attempts++
    if (this.room === 0) throw Object.assign(new Error(this.code), { code: this.code })
    const taken = Buffer.from(octets.subarray(0, this.room))
    this.room -= taken.length
    this.text += taken.toString()
    return taken.length
  }
}

function outputTo(descriptor: Descriptor): LogOutput {
  return new LogOutput(2, (lost, error) => `${lost} lost: ${(error as Error).message}\n`, descriptor.write)
}

describe('lines that cannot be written', () => {
  test('are lost, and counted in the next one that can', () => {
    const descriptor = new Descriptor()
    const output = outputTo(descriptor)
    output.write('one\n')
    descriptor.room = 0
    output.write('two\n')
    output.write('three\n')
    descriptor.room = Number.POSITIVE_INFINITY
    output.write('four\n')
    output.write('five\n')
    expect(descriptor.text).toBe('one\n2 lost: ENOSPC\nfour\nfive\n')
  })

  test('are counted once, also where there is room for the count alone', () => {
    const descriptor = new Descriptor()
    const output = outputTo(descriptor)
    descriptor.room = 0
    output.write('one\n')
    descriptor.room = '1 lost: ENOSPC\n'.length
    output.write('two\n')
    descriptor.room = Number.POSITIVE_INFINITY
    output.write('three\n')
    expect(descriptor.text).toBe('1 lost: ENOSPC\n1 lost: ENOSPC\nthree\n')
  })

  test('in part are a line of their own', () => {
    const descriptor = new Descriptor()
    const output = outputTo(descriptor)
    descriptor.room = 2
    output.write('one\n')
    output.write('two\n')
    descriptor.room = 1
    output.write('three\n')
    descriptor.room = Number.POSITIVE_INFINITY
    output.write('four\n')
    expect(descriptor.text).toBe('on\n3 lost: ENOSPC\nfour\n')
  })
})

describe('a pipe that is full', () => {
  test('is waited for', () => {
    const descriptor = new Descriptor()
    const output = new LogOutput(
      2,
      () => 'lost\n',
      (number, octets) => {
        if (descriptor.attempts === 3) descriptor.room = Number.POSITIVE_INFINITY
        return descriptor.write(number, octets)
      },
    )
    Object.assign(descriptor, { room: 2, code: 'EAGAIN' })
    output.write('one\n')
    expect(descriptor.text).toBe('one\n')
  })

  test('but not for each line, while nobody reads', () => {
    const descriptor = new Descriptor()
    const output = outputTo(descriptor)
    Object.assign(descriptor, { room: 0, code: 'EAGAIN' })
    output.write('one\n')
    const { attempts } = descriptor
    expect(attempts).toBeGreaterThan(1)
    for (let line = 0; line < 100; line++) output.write('two\n')
    expect(descriptor.attempts).toBe(attempts + 100)
    descriptor.room = Number.POSITIVE_INFINITY
    output.write('three\n')
    expect(descriptor.text).toBe('101 lost: EAGAIN\nthree\n')
  })
})
