"""Figures of pictures and of their text: PSNR, SSIM, VMAF, detail, words; and what means of them are worth."""
