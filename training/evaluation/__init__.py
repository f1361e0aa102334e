"""Evaluation: methods measured on sources that no training has seen."""
