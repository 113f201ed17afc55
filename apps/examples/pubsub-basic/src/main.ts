import { daysOf, watchWeather } from './weather.ts';

const { days, warnings, counts, dead } = await watchWeather(await daysOf('2014'));
console.log(`${days} days, ${warnings.length} warnings, ${dead.length} unreadable lines`);
for (const [place, count] of Object.entries(counts)) console.log(`${place}: ${count}`);
console.log(warnings.slice(0, 5).join('\n'));
