// The component's promises against those of Node.js: the same programs must log the same, in the same order.

import assert from "node:assert/strict";
import { test } from "node:test";

import "../src/guest/combinators.js";
import { drain, forget, takeUnhandled } from "../src/guest/jobs.js";
import { Promise as Own } from "../src/guest/promise.js";

const Native = Promise;

/** Runs a program with a class of promises until nothing is left to do. Returns what it logged. */
async function logOf(program, Class) {
  const log = [];
  program(Class, (entry) => log.push(entry));
  if (Class === Own) {
    drain();
    forget();
  } else {
    await new Native((resolve) => setImmediate(resolve));
  }
  return log;
}

async function assertSame(program) {
  assert.deepEqual(await logOf(program, Own), await logOf(program, Native));
}

const programs = {
  "then in order": (P, log) => {
    P.resolve(1).then((value) => log(value)).then(() => log("second"));
    P.reject(new Error("no")).catch((error) => log(error.message));
    log("first");
  },
  "a promise that resolves with a promise takes longer": (P, log) => {
    P.resolve().then(() => P.resolve("inner")).then(log);
    P.resolve().then(() => log(1)).then(() => log(2)).then(() => log(3)).then(() => log(4));
  },
  "a thenable that misbehaves": (P, log) => {
    const twice = { then: (resolve) => { resolve("a"); resolve("b"); throw new Error("late"); } };
    P.resolve(twice).then(log);
    P.resolve({ get then() { throw new Error("getter"); } }).catch((error) => log(error.message));
    P.resolve({ then: 7 }).then((value) => log(value.then));
    P.resolve({ then(_, reject) { reject("refused"); } }).then(undefined, log);
  },
  "values and reasons pass through": (P, log) => {
    P.resolve("value").then(undefined, () => log("never")).catch(() => log("never")).then(log);
    P.reject("reason").then(() => log("never")).then(undefined, log);
  },
  finally: (P, log) => {
    P.resolve("v").finally(() => log("f")).then(log);
    P.reject("r").finally(() => "ignored").catch(log);
    P.resolve("v").finally(() => { throw "thrown"; }).catch(log);
    P.resolve("v").finally(() => P.reject("rejected")).catch(log);
    P.resolve(1).then(() => log("tick")).then(() => log("tick")).then(() => log("tick"));
  },
  combinators: (P, log) => {
    P.all([1, P.resolve(2), { then: (resolve) => resolve(3) }]).then((values) => log(values.join()));
    P.all([]).then((values) => log(values.length));
    P.all([P.reject("all"), 1]).catch(log);
    P.allSettled([P.reject("x"), 1]).then((outcomes) => log(JSON.stringify(outcomes)));
    P.any([P.reject("x"), P.resolve("any")]).then(log);
    P.any([]).catch((error) => log(`${error.name} ${error.errors.length}`));
    P.race([P.resolve("race"), P.reject("lost")]).then(log);
    P.all(7).catch((error) => log(error.name));
  },
  "subclasses and species": (P, log) => {
    class Sub extends P {
      static made = 0;
      constructor(executor) {
        super(executor);
        Sub.made += 1;
      }
    }
    const sub = Sub.resolve(1).then(() => log("sub"));
    log(sub instanceof Sub);
    log(Sub.made);
    log(Sub.all([1]) instanceof Sub);
    class Plain extends P {
      static get [Symbol.species]() {
        return P;
      }
    }
    log(Plain.resolve().then() instanceof Plain);
    log(P.resolve(sub) === sub);
    log(Sub.resolve(sub) === sub);
  },
  "a cycle is a rejection": (P, log) => {
    const cycle = P.resolve().then(() => cycle);
    cycle.catch((error) => log(error.name));
  },
  "mistakes are type errors": (P, log) => {
    for (const mistake of [() => new P(), () => P(), () => P.prototype.then.call({}), () => P.resolve.call(7, 1)]) {
      try {
        mistake();
        log("no error");
      } catch (error) {
        log(error.name);
      }
    }
  },
  "an executor that throws": (P, log) => {
    new P(() => { throw "thrown"; }).catch(log);
    new P((resolve) => { resolve("kept"); throw "lost"; }).then(log);
  },
};

for (const [name, program] of Object.entries(programs)) {
  test(name, () => assertSame(program));
}

/** Returns numbers that look random and are the same in each run. */
function numbers(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % limit;
  };
}

test("programs at random run in the same order", async () => {
  for (let seed = 0; seed < 300; seed += 1) {
    await assertSame((P, log) => {
      const next = numbers(seed);
      const promises = [P.resolve("start")];
      const settle = [];
      const pick = () => promises[next(promises.length)];
      for (let step = 0; step < 30; step += 1) {
        const actions = [
          () => pick().then((value) => (log(`${step} ${value?.name ?? value}`), step)),
          () => pick().then(() => pick()),
          () => pick().then(() => { throw `thrown ${step}`; }),
          () => pick().catch((reason) => (log(`${step} caught ${reason?.name ?? reason}`), `c${step}`)),
          () => pick().finally(() => log(`${step} finally`)),
          () => new P((resolve, reject) => settle.push(next(2) ? resolve : reject)),
          () => P.all([pick(), pick(), step]),
          () => P.race([pick(), pick()]),
          () => P.allSettled([pick(), pick()]).then((outcomes) => outcomes.map(({ status }) => status).join()),
          () => P.any([pick(), pick()]).catch(() => "none"),
        ];
        promises.push(actions[next(actions.length)]());
      }
      settle.forEach((one, index) => pick().then(() => one(index), () => one(index)));
      promises.forEach((promise, index) =>
        promise.then((value) => log(`${index} is ${value}`), (reason) => log(`${index} failed: ${reason?.name ?? reason}`)));
    });
  }
});

test("a rejection that nobody handles is found, one that is handled later in the run is not", () => {
  const late = Own.reject(new Error("late"));
  Own.resolve().then(() => late.catch(() => undefined));
  drain();
  assert.equal(takeUnhandled(), undefined);

  Own.reject(new Error("forgotten"));
  Own.resolve().then(() => {
    throw new Error("second");
  });
  drain();
  assert.equal(takeUnhandled().reason.message, "forgotten");
  assert.equal(takeUnhandled(), undefined);
});
