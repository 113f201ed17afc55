/** What the networks write in short, in the words of the others. */
const SHORT: Readonly<Record<string, string>> = { CA: 'California', NV: 'Nevada', MX: 'Mexico' };

/** The region in which a place lies: `10km SW of Niland, CA` is in California, and the Reykjanes Ridge in itself. */
export const regionOf = (place: string): string => {
  const after = place.split(', ').at(-1) ?? place;
  const region = after.split(' of ').at(-1) ?? after;
  return SHORT[region] ?? region;
};

/** As it may stand in the name of a channel. */
export const channelPart = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z\d]+/g, '-')
    .replaceAll(/^-|-$/g, '');
