// The library of Connect apps on Node: atlassian-jwt.
//
//   connect_peer.js qsh                                  reads requests, prints the canonical request of each as JSON
//   connect_peer.js sign SECRET_FILE CLIENT_KEY          reads requests, prints each with a token for it
//   connect_peer.js verify SECRET_FILE CLIENT_KEY        reads requests with tokens, judges them; exits with 1 if a verdict is
//                                                        not the expected one
//   connect_peer.js install PRIVATE_KEY KID CLIENT_KEY   reads requests, prints each with a token of an installation for it
//
// A request is a line {"id","method","url","base"}. What is printed for one is what `asap verify --input jsonl` reads. `id` ends
// in the verdict that is expected. Modules come from NODE_PATH.
'use strict';

const fs = require('fs');
const jwt = require('atlassian-jwt');

const requests = () => fs.readFileSync(0, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
const now = () => Math.floor(Date.now() / 1000);
const read = ({ method, url }) => jwt.fromMethodAndUrl(method, url);
const hash = (request) => jwt.createQueryStringHash(read(request), false, request.base);
const secretOf = (file) => fs.readFileSync(file, 'utf8');
const show = (members) => console.log(JSON.stringify(members));

function qsh() {
    for (const request of requests()) show(jwt.createCanonicalRequest(read(request), false, request.base));
}

function sign(secretFile, clientKey) {
    const secret = secretOf(secretFile);
    for (const { id, ...request } of requests()) {
        const claims = { iss: clientKey, iat: now(), exp: now() + 180, qsh: hash(request), sub: '5b10a2844c20165700ede21g', context: {} };
        const twin = (name, token) => show({ ...request, id: `${id}/${name}`, token });
        const signed = (changes) => jwt.encodeSymmetric({ ...claims, ...changes }, secret, 'HS256');
        show({ ...request, id, token: signed({}) });
        if (id.endsWith('refused')) continue;
        twin('expired/refused', signed({ iat: now() - 600, exp: now() - 300 }));
        twin('no-exp/refused', jwt.encodeSymmetric({ ...claims, exp: undefined }, secret, 'HS256'));
        twin('other-request/refused', signed({ qsh: hash({ ...request, url: '/of/another' }) }));
        twin('context/refused', signed({ qsh: 'context-qsh' }));
        twin('other-secret/refused', jwt.encodeSymmetric(claims, `${secret}x`, 'HS256'));
        twin('HS512/refused', jwt.encodeSymmetric(claims, secret, 'HS512'));
        twin('changed/refused', change(signed({})));
    }
}

function install(privateKeyFile, kid, clientKey) {
    const key = fs.readFileSync(privateKeyFile, 'utf8');
    for (const { id, ...request } of requests()) {
        const claims = { iss: clientKey, aud: [request.base], iat: now(), exp: now() + 180, qsh: hash(request) };
        const signed = (changes) => jwt.encodeAsymmetric({ ...claims, ...changes }, key, 'RS256', { kid });
        const body = (sender) => JSON.stringify({ key: 'app', clientKey: sender, sharedSecret: 'of the message', baseUrl: 'https://a.example' });
        const twin = (name, token, sender) => show({ ...request, id: `${id}/${name}`, token, body: body(sender || clientKey) });
        twin('accepted', signed({}));
        twin('other-client/refused', signed({}), 'another');
        twin('other-app/refused', signed({ aud: [`${request.base}-of-another`] }));
        twin('context/refused', signed({ qsh: 'context-qsh' }));
        twin('downgrade/refused', jwt.encodeSymmetric(claims, 'of the message', 'HS256'));
    }
}

function verify(secretFile, clientKey) {
    const secret = secretOf(secretFile);
    let wrong = 0;
    for (const { id, token, ...request } of requests()) {
        const [verdict, reason] = judge(token, request, secret, clientKey);
        const isWrong = !id.endsWith(verdict);
        wrong += isWrong ? 1 : 0;
        console.log(`${isWrong ? 'WRONG ' : ''}${id}: ${verdict} ${reason}`.trimEnd());
    }
    process.exitCode = wrong ? 1 : 0;
}

// As atlassian-connect-express does it with this library.
function judge(token, request, secret, clientKey) {
    try {
        const claims = jwt.decodeSymmetric(token, secret, 'HS256');
        if (claims.iss !== clientKey) return ['refused', 'iss'];
        if (!(now() < claims.exp)) return ['refused', 'exp'];
        return claims.qsh === hash(request) ? ['accepted', ''] : ['refused', 'qsh'];
    } catch (error) {
        return ['refused', error.message.split(':')[0]]; // the rest of the message is the token
    }
}

function change(token) {
    const [header, payload, signature] = token.split('.');
    const claims = { ...JSON.parse(Buffer.from(payload, 'base64url')), sub: 'another' };
    return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
}

const [command, ...rest] = process.argv.slice(2);
({ qsh, sign, verify, install })[command](...rest);
