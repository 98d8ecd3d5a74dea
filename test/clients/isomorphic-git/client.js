// Clones, fetches or pushes with isomorphic-git.  usage: node client.js clone|fetch|push URL FOLDER [SOURCE:TARGET]
// The token comes from PORTCULLIS_TOKEN; PORTCULLIS_TOKEN_AS says how it is sent: bearer or password.
import fs from 'node:fs'
import git from 'isomorphic-git'
import http from 'isomorphic-git/http/node'

const [operation, url, dir, refspec] = process.argv.slice(2)
const token = process.env.PORTCULLIS_TOKEN
const bearer = process.env.PORTCULLIS_TOKEN_AS === 'bearer'
const common = {
  fs, http, dir, url,
  headers: bearer ? { Authorization: `Bearer ${token}` } : {},
  onAuth: () => bearer ? { cancel: true } : { username: 'alice', password: token },
  onAuthFailure: () => ({ cancel: true }),
  onMessage: text => process.stderr.write(text),
}
try {
  if (operation === 'clone') {
    await git.clone(common)
  } else if (operation === 'fetch') {
    await git.fetch({ ...common, remote: 'origin' })
  } else if (operation === 'push') {
    const [ref, remoteRef] = refspec.split(':')
    const result = await git.push({ ...common, ref, remoteRef, remote: 'origin' })
    if (!result.ok) throw new Error(JSON.stringify(result))
  } else {
    process.exit(2)
  }
} catch (error) {
  console.error(`${error.code ?? error.name}: ${error.message} ${error.data?.response ?? ''} ${error.data?.prettyDetails ?? ''}`)
  process.exit(1)
}
