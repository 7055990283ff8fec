/** A speaker and the rows of a tribune around them, which are also the waves of a voice. */
export function Logo({ size = 34 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 64 64" fill="none" aria-hidden="true">
      <circle cx="32" cy="15" r="8" fill="var(--ember)" />
      <g stroke="currentColor" strokeWidth="6" strokeLinecap="round">
        <path d="M21 23.500a11.500 11.500 0 0 0 22 0" opacity="0.95" />
        <path d="M11 28a21.500 21.500 0 0 0 42 0" opacity="0.7" />
        <path d="M4 40a30 30 0 0 0 56 0" opacity="0.42" />
      </g>
    </svg>
  );
}
