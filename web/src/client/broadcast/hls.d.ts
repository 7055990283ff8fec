/** hls.js without subtitles, encryption and other tracks; it comes without types of its own. */
declare module 'hls.js/light' {
  export { default } from 'hls.js';
}
