// The peer that Node services run today: jwt-authentication.
//
//   peer.js sign PRIVATE_KEYS ISSUER AUDIENCE    prints tokens, one JSON object a line, as `asap verify --input jsonl` reads them
//   peer.js verify BASE_URL AUDIENCE ISSUER      judges such lines by the keys at BASE_URL; exits with 1 if a verdict is not the
//                                                expected one
//
// Every signed token comes with two twins that must be refused: one whose claims were changed after it was signed, and one for
// another audience. `id` ends in the verdict that is expected. Modules come from NODE_PATH.
'use strict';

const fs = require('fs');
const readline = require('readline');
const util = require('util');
const { client, server } = require('jwt-authentication');

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'];

async function sign(privateKeys, issuer, audience) {
    const generator = client.create();
    const generate = util.promisify(generator.generateToken);
    for (const algorithm of ALGORITHMS) {
        const kid = `${issuer}/${algorithm.toLowerCase()}`;
        const options = { privateKey: fs.readFileSync(`${privateKeys}/${kid}.pem`, 'utf8'), kid, algorithm };
        const claims = { iss: issuer, sub: issuer, aud: audience };
        const name = `node/${algorithm}`;
        const token = await generate(claims, options);
        show(`${name}/accepted`, token);
        show(`${name}/two-audiences/accepted`, await generate({ ...claims, aud: ['other', audience] }, options));
        show(`${name}/changed/refused`, changeClaims(token));
        show(`${name}/other-audience/refused`, await generate({ ...claims, aud: 'other' }, options));
    }
}

async function verify(baseUrl, audience, issuer) {
    const validator = server.create({ publicKeyBaseUrl: `${baseUrl}/`, resourceServerAudience: audience });
    let wrong = 0;
    for await (const line of readline.createInterface({ input: process.stdin })) {
        const { id, token } = JSON.parse(line);
        const [verdict, reason] = await judge(validator, token, issuer);
        const isWrong = !id.endsWith(verdict);
        wrong += isWrong ? 1 : 0;
        console.log(`${isWrong ? 'WRONG ' : ''}${id}: ${verdict} ${reason}`.trimEnd());
    }
    process.exitCode = wrong ? 1 : 0;
}

function judge(validator, token, issuer) {
    return new Promise((resolve) => {
        const answer = (error) => resolve(error ? ['refused', error.message] : ['accepted', '']);
        validator.validate(token, [issuer], answer);
    }).catch((error) => ['refused', error.message]); // the library throws what it cannot parse
}

function show(id, token) {
    console.log(JSON.stringify({ id, token }));
}

function changeClaims(token) {
    const [header, payload, signature] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url'));
    claims.sub = `${claims.iss}-of-another`;
    return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
}

const [command, ...rest] = process.argv.slice(2);
({ sign, verify })[command](...rest).catch((error) => {
    console.error(error);
    process.exit(2);
});
