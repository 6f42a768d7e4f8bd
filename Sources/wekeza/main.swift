print("wekeza")
