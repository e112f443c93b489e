#!/bin/bash
# The short form of the emulated-SVM machine.
exec "$KONTAIN_SOURCE/tests/machines/svm.sh" quick
