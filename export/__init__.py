"""From a Keras classifier to verified, self-describing TFLite and ONNX artifacts."""
