/** What the browsers of the last years call their full screens. */
interface WebkitVideo extends HTMLVideoElement {
  webkitEnterFullscreen?: () => void;
  webkitSupportsFullscreen?: boolean;
}

/** Full screen and picture in picture, with the ways that iPhones have instead. */
export class Screen {
  constructor(
    private readonly container: HTMLElement,
    private readonly video: WebkitVideo,
  ) {}

  canFullscreen(): boolean {
    return document.fullscreenEnabled || typeof this.video.webkitEnterFullscreen === "function";
  }

  isFullscreen(): boolean {
    return document.fullscreenElement === this.container;
  }

  toggleFullscreen(): void {
    if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
    else if (document.fullscreenEnabled) void this.container.requestFullscreen().catch(() => undefined);
    else this.video.webkitEnterFullscreen?.();
  }

  canPip(): boolean {
    return document.pictureInPictureEnabled === true;
  }

  isPip(): boolean {
    return document.pictureInPictureElement === this.video;
  }

  togglePip(): void {
    if (document.pictureInPictureElement) void document.exitPictureInPicture().catch(() => undefined);
    else if (this.canPip()) void this.video.requestPictureInPicture().catch(() => undefined);
  }
}
