// As statfs(2) has them: NFS, SMB and CIFS (three), 9P, Ceph, FUSE.
const farTypes = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997, 0x00c36400, 0x65735546])

/** Whether a file system of this kind is asked of another machine or program, so that nothing of it is certain to be at hand. */
export function isFarAway(type: number): boolean {
  return farTypes.has(type)
}
