// StaffPages
