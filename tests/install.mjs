// Installs the packages of the folder it is run in, once, however many builds ask at the same time.
import { execSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'

const lock = 'obj/install.lock'
const stamp = 'node_modules/.installed'
const isCurrent = () => existsSync(stamp) && statSync(stamp).mtimeMs >= statSync('package-lock.json').mtimeMs

function isAlive(pid) {
  try { return process.kill(pid, 0) } catch (e) { return e.code === 'EPERM' }
}

function take() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (e) {
    if (e.code !== 'EEXIST') throw e
    // Left behind by an install that was killed?
    const owner = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0
    if (owner && !isAlive(owner)) rmSync(lock, { force: true })
    return false
  }
}

mkdirSync('obj', { recursive: true })
const deadline = Date.now() + 300_000
while (!take()) {
  if (Date.now() > deadline) throw new Error(`${resolve(lock)} is held for five minutes; remove it if no build runs.`)
  await setTimeout(200)
}
try {
  if (!isCurrent()) {
    execSync('npm ci --prefer-offline --no-audit --no-fund', { stdio: 'inherit' })
    writeFileSync(stamp, new Date().toISOString())
  }
} finally {
  rmSync(lock, { force: true })
}
