import { expect, it } from 'vitest'
import { isFarAway } from './far-file-systems.ts'

it.each([
  ['NFS', 0x6969],
  ['VMware’s folders', 0xbacbacbc],
  ['Parallels’ folders', 0x7c7c6673],
  ['PanFS', 0xaad7aaea],
  ['OrangeFS', 0x20030528],
  ['VxFS', 0xa501fcf5],
])('%s may be shared with other machines', (_, type) => {
  expect(isFarAway(type)).toBe(true)
})

it.each([
  ['ext4', 0xef53],
  ['XFS', 0x58465342],
  ['Btrfs', 0x9123683e],
  ['tmpfs', 0x01021994],
])('%s is of this machine alone', (_, type) => {
  expect(isFarAway(type)).toBe(false)
})
