// As statfs(2) has them. Asked of another machine or program: NFS, SMB and CIFS (three), 9P, Ceph, FUSE, AFS (two), Coda, the folders of
// VirtualBox, VMware and Parallels. Disks that several machines write: OCFS2, GFS2, Lustre, GPFS, BeeGFS, PanFS, OrangeFS, VxFS. Above any
// of these: eCryptfs.
const farTypes = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997, 0x00c36400, 0x65735546, 0x5346414f, 0x6b414653,
  0x73757245, 0x786f4256, 0xbacbacbc, 0x7c7c6673, 0x7461636f, 0x01161970, 0x0bd00bd0, 0x47504653, 0x19830326,
  0xaad7aaea, 0x20030528, 0xa501fcf5, 0xf15f,
])

/**
 * Whether a file system of this kind may be shared with other machines, or is asked of another program: nothing of it is certain to be
 * at hand, and who has written there may be anywhere.
 */
export function isFarAway(type: number): boolean {
  return farTypes.has(type)
}
