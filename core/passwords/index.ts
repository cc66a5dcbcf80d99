export { checkCharacters } from './characters.ts'
export { hashForScram, hashPassword, needsRehash, verifyNothing, verifyPassword } from './password.ts'
export { hashForScramSync, type KeptScramKeys, readScramKeys, type ScramSettings } from './scram.ts'
export { isVerifiable, looksLikeHash, passwordSchemes, type VerifyOptions } from './stored-hash.ts'
