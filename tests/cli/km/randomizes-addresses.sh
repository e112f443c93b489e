# Code, stack and heap lie elsewhere in every run, unless told otherwise.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload addresses
for i in 1 2 3; do "$km" ./addresses >"run$i"; "$km" --randomize=off ./addresses >"fixed$i"; done
for field in 1 2 3; do
  different=$(cat run1 run2 run3 | cut -d' ' -f"$field" | sort -u | wc -l)
  expect_equal "$different" 3 "different addresses in field $field"
done
expect_equal "$(sort -u fixed1 fixed2 fixed3 | wc -l)" 1 "different lines with --randomize=off"
